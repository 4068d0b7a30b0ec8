use super::*;
use crate::Recording;

fn load(text: &str) -> Result<Recordings, DataError> {
    load_with(text, &Config { axes: 2, ..Config::default() })
}

fn load_with(text: &str, config: &Config) -> Result<Recordings, DataError> {
    load_reader(text.as_bytes(), "wand.jsonl", config)
}

/// Asserts that `text` does not load, and that the message holds `parts`.
fn refused(text: &str, parts: &[&str]) {
    let message = load(text).unwrap_err().to_string();
    for part in parts {
        assert!(message.contains(part), "expected {part:?} in:\n{message}");
    }
}

fn line(rows: &str) -> String {
    format!("{{\"gesture\": \"wing\", \"name\": \"anna\", \"accel_ms2_xyz\": {rows}}}\n")
}

#[test]
fn reads_recordings_in_order() {
    let text = line("[[1, -2.5], [3e1, 4]]") + "\r\n" + &line("[[0, 0]]").replace("wing", "ring");
    let set = load(&text).unwrap();
    assert_eq!(set.classes, ["ring", "wing"]);
    assert_eq!(set.recordings[0].values, [1.0, -2.5, 30.0, 4.0]);
    assert_eq!((set.recordings[1].label.as_str(), set.recordings[1].group.as_str()), ("ring", "anna"));
    assert_eq!(set.provenance.to_string(), "measured: wand.jsonl");
}

#[test]
fn a_byte_order_mark_and_a_missing_last_newline_are_fine() {
    let text = format!("\u{feff}{}", line("[[1, 2]]"));
    assert_eq!(load(text.trim_end()).unwrap().recordings.len(), 1);
}

#[test]
fn keys_are_configurable_and_a_file_is_a_group_where_there_is_none() {
    let config = Config {
        label_key: "l".into(),
        group_key: String::new(),
        values_key: "v".into(),
        axes: 0,
        ..Config::default()
    };
    let set = load_with("{\"l\": \"a\", \"v\": [[1, 2, 3, 4]]}", &config).unwrap();
    assert_eq!((set.axes, set.recordings[0].group.as_str()), (4, "wand"));
}

#[test]
fn classes_come_in_the_order_of_the_list() {
    let config = Config { axes: 2, classes: vec!["wing".into(), "ring".into()], ..Config::default() };
    let text = line("[[1, 2]]").replace("wing", "ring") + &line("[[1, 2]]");
    assert_eq!(load_with(&text, &config).unwrap().classes, ["wing", "ring"]);
    let message = load_with(&line("[[1, 2]]"), &config).unwrap_err().to_string();
    assert!(message.contains("wand.jsonl: no recording of class \"ring\""), "{message}");
    let message = load_with(&line("[[1, 2]]").replace("wing", "wnig"), &config).unwrap_err().to_string();
    assert!(
        message.contains("wand.jsonl:1: unknown label \"wnig\"; the classes are wing, ring"),
        "{message}"
    );
}

#[test]
fn wrong_shapes_name_file_line_and_row() {
    refused(&line("[[1, 2, 3]]"), &["wand.jsonl:1: \"accel_ms2_xyz\" row 0: expected 2 columns, found 3"]);
    refused(
        &(line("[[1, 2]]") + &line("[[1, 2], [3]]")),
        &["wand.jsonl:2:", "row 1: ragged, 1 values after rows of 2"],
    );
    refused(&line("[]"), &["wand.jsonl:1:", "the recording has no rows"]);
    refused(&line("[[]]"), &["expected 2 columns, found 0"]);
    refused(&line("[1, 2]"), &["row 0: expected an array of numbers, found 1"]);
    refused(&line("\"none\""), &["expected an array of rows, found the string \"none\""]);
}

#[test]
fn columns_must_agree_across_lines_when_taken_from_the_first() {
    let config = Config { axes: 0, ..Config::default() };
    let message = load_with(&(line("[[1, 2]]") + &line("[[1, 2, 3]]")), &config).unwrap_err().to_string();
    assert!(
        message.contains("wand.jsonl:2:") && message.contains("expected 2 columns, found 3"),
        "{message}"
    );
}

#[test]
fn values_must_be_finite_numbers() {
    refused(&line("[[1, null]]"), &["row 0 column 1: expected a finite number, found null"]);
    refused(&line("[[\"x\", 1]]"), &["column 0: expected a finite number, found the string \"x\""]);
    refused(&line("[[1, 2], [1e39, 2]]"), &["row 1 column 0:", "does not fit float32"]);
    refused(&line("[[1, NaN]]"), &["wand.jsonl:1:", "NaN or infinity; expected a finite number"]);
    refused(&line("[[1, -Infinity]]"), &["NaN or infinity"]);
}

#[test]
fn lines_must_be_objects_with_the_keys() {
    refused("{\"gesture\": \"wing\"", &["wand.jsonl:1: not valid JSON"]);
    refused("[1]", &["expected a JSON object, found an array of 1"]);
    refused(
        "{\"gesture\": \"wing\", \"name\": \"a\"}",
        &["no key \"accel_ms2_xyz\"; the line has \"gesture\", \"name\""],
    );
    refused("{}", &["no key \"gesture\"; the line has no keys"]);
    refused("{\"gesture\": 3}", &["\"gesture\": expected a string, found 3"]);
    refused("{\"gesture\": \"\"}", &["\"gesture\" is an empty string"]);
}

#[test]
fn bytes_that_are_not_text_are_an_error() {
    let result = load_reader(&b"{\"gesture\": \"\xff\xfe\"}\n"[..], "wand.jsonl", &Config::default());
    assert!(result.unwrap_err().to_string().contains("wand.jsonl:1: not valid JSON"));
}

#[test]
fn empty_files_are_an_error() {
    refused("", &["wand.jsonl: the file is empty"]);
    refused("\n \n", &["wand.jsonl: the file is empty"]);
}

#[test]
fn many_problems_are_listed_and_the_rest_counted() {
    let text: String = (0..30).map(|_| line("[[1]]")).collect();
    refused(&text, &["(30 problems)", "wand.jsonl:20:", "… and 10 more"]);
}

#[test]
fn hostile_nesting_ends_in_an_error() {
    refused(&line(&"[".repeat(100_000)), &["wand.jsonl:1: not valid JSON"]);
}

#[test]
fn a_generated_set_round_trips_with_its_label() {
    let config = crate::gesture::Config { seed: 9, n_people: 2, n_repeats: 2, n_negatives: 2 };
    let set = crate::gesture::generate(&config).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let config = Config { classes: set.classes.clone(), ..Config::default() };
    save(&set, &dir.path().join("generated.jsonl"), &config).unwrap();
    let read = load_dir(dir.path(), &config).unwrap();
    assert_eq!(read.recordings, set.recordings);
    assert_eq!(read.provenance, set.provenance);
    assert_eq!((read.axes, read.rate_hz, read.classes), (3, 25.0, set.classes));
}

#[test]
fn any_float_round_trips() {
    let mut stream = crate::random::Stream::new(&[2]);
    let finite = |_| f32::from_bits((stream.unit() * 4294967296.0) as u32);
    let values: Vec<f32> = (0..4000).map(finite).filter(|value| value.is_finite()).take(3000).collect();
    let values = [values, vec![0.0, -0.0, f32::MIN_POSITIVE, f32::MAX]].concat();
    let recording = Recording { label: "a".into(), group: "g".into(), values: values.clone() };
    let set = Recordings {
        name: "s".into(),
        classes: vec!["a".into()],
        axes: 1,
        rate_hz: 25.0,
        unit: "g".into(),
        provenance: Provenance::Measured { source: "s".into() },
        recordings: vec![recording],
    };
    let mut text = Vec::new();
    write(&set, &mut text, &Config::default()).unwrap();
    let read = load_reader(text.as_slice(), "s", &Config { axes: 1, ..Config::default() }).unwrap();
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&read.recordings[0].values), bits(&values));
}

#[test]
fn a_mix_of_measured_and_generated_says_so() {
    let text = line("[[1, 2]]") + &line("[[1, 2]]").replace("\"name\"", "\"generated_seed\": 1, \"name\"");
    let set = load(&text).unwrap();
    assert_eq!(set.provenance.to_string(), "measured: wand.jsonl, 1 of 2 recordings generated");
}

#[test]
fn folders_are_read_in_the_order_of_names_and_must_hold_something() {
    let dir = tempfile::tempdir().unwrap();
    let message = load_dir(dir.path(), &Config::default()).unwrap_err().to_string();
    assert!(message.contains("no *.jsonl file here"), "{message}");
    let config = Config { axes: 2, ..Config::default() };
    std::fs::write(dir.path().join("b.jsonl"), line("[[3, 4]]")).unwrap();
    std::fs::write(dir.path().join("a.jsonl"), line("[[1, 2]]")).unwrap();
    std::fs::write(dir.path().join("notes.txt"), "not data").unwrap();
    let set = load_dir(dir.path(), &config).unwrap();
    assert_eq!(set.recordings.iter().map(|r| r.values[0]).collect::<Vec<_>>(), [1.0, 3.0]);
    std::fs::write(dir.path().join("c.jsonl"), "").unwrap();
    let message = load_dir(dir.path(), &config).unwrap_err().to_string();
    assert!(message.contains("c.jsonl: the file is empty"), "{message}");
    assert!(matches!(load_dir(&dir.path().join("none"), &config), Err(DataError::Io { .. })));
}
