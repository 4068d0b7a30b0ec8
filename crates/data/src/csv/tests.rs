use super::*;
use std::fs;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// Labels with values of all items of one file.
fn one(text: &str, config: &Config) -> Vec<(String, Vec<f32>)> {
    let dir = folder(&[("walk/a.csv", text)]);
    let index = load(dir.path(), &Pattern::default(), config).unwrap();
    let label = |item: usize| index.classes[index.items[item].label].clone();
    (0..index.items.len()).map(|item| (label(item), index.values(item).unwrap())).collect()
}

fn problem(text: &str, config: &Config) -> String {
    let dir = folder(&[("walk/a.csv", text)]);
    load(dir.path(), &Pattern::default(), config).unwrap_err().to_string()
}

#[test]
fn separators_commas_quotes_and_marks_are_found() {
    let wanted = vec![("walk".to_owned(), vec![1.5, -2.0, 3.0, 4.25])];
    for text in [
        "x,y\n1.5,-2\n3,4.25\n",
        "\u{feff}x;y\r\n1,5;-2\r\n3;4,25\r\n",
        "x\ty\n1.5\t-2\n3\t4.25",
        "\"x\",\"y\"\n\"1.5\",\"-2\"\n3,\"4.25\"\n",
        "1.5,-2\n3,4.25\n",
        "\n1.5 , -2\n\n 3,4.25\n\n",
    ] {
        assert_eq!(one(text, &Config::default()), wanted, "{text:?}");
    }
}

#[test]
fn a_table_has_recordings_by_group_and_label() {
    let text = "who,what,x\nann,walk,1\nann,walk,2\nann,run,3\nbo,run,4\nbo,run,5\n";
    let config = Config { label: "what".into(), group: "who".into(), ..Config::default() };
    let of = |label: &str, values: &[f32]| (label.to_owned(), values.to_vec());
    assert_eq!(one(text, &config), [of("walk", &[1.0, 2.0]), of("run", &[3.0]), of("run", &[4.0, 5.0])]);
    let dir = folder(&[("t.csv", text)]);
    let index =
        load(&dir.path().join("t.csv"), &Pattern::default(), &Config { events: true, ..config }).unwrap();
    let rows: Vec<_> =
        index.items.iter().map(|item| (item.group.as_str(), item.rows, item.spans.len())).collect();
    assert_eq!(rows, [("ann", 3, 1), ("bo", 2, 0)]);
    assert_eq!(index.items[0].spans[0].rows, 2..3);
    assert_eq!(index.classes[index.items[0].spans[0].label], "run");
}

#[test]
fn rows_and_blank_lines_cut_a_file() {
    let text = "x\n1\n2\n\n3\n4\n";
    let by_rows = one(text, &Config { rows: 1, ..Config::default() });
    assert_eq!(by_rows.len(), 4);
    let by_blanks = one(text, &Config { blank_lines: true, ..Config::default() });
    assert_eq!(
        by_blanks.iter().map(|(_, values)| values.clone()).collect::<Vec<_>>(),
        [[1.0, 2.0], [3.0, 4.0]]
    );
    let text = problem("x\n1\n2\n3\n", &Config { rows: 2, ..Config::default() });
    assert!(text.contains("a.csv:4: 1 rows, expected rows = 2"), "{text}");
}

#[test]
fn missing_values_are_dropped_interpolated_or_marked() {
    let text = "x,y\n,1\n2,NA\n4,3\n-200,4\n";
    let with = |missing| {
        let mut config = Config { missing, ..Config::default() };
        config.missing_words.push("-200".into());
        one(text, &config)[0].1.clone()
    };
    assert_eq!(with(Gap::Drop), [4.0, 3.0]);
    assert_eq!(with(Gap::Interpolate), [2.0, 1.0, 2.0, 2.0, 4.0, 3.0, 4.0, 4.0]);
    assert_eq!(with(Gap::Mark), [0.0, 1.0, 1.0, 2.0, 1.0, 1.0, 4.0, 3.0, 0.0, 4.0, 4.0, 1.0]);
    let text = problem(text, &Config::default());
    assert!(text.contains("a.csv:2: column \"x\": the value is missing; set missing = \"drop\""), "{text}");
}

#[test]
fn times_give_the_rate_and_the_grid() {
    let text = "timestamp,x\n0,0\n10,1\n20,2\n40,4\n";
    let dir = folder(&[("walk/a.csv", text)]);
    let index = load(dir.path(), &Pattern::default(), &Config::default()).unwrap();
    assert_eq!((index.rate_hz, index.row_len(), index.items[0].rows), (100.0, 1, 4));
    let config = Config { resample: true, rate_hz: 100.0, ..Config::default() };
    assert_eq!(one(text, &config)[0].1, [0.0, 1.0, 2.0, 3.0, 4.0]);
    let config = Config { resample: true, rate_hz: 100.0, ..Config::default() };
    let text = problem("timestamp,x\n10,1\n0,2\n", &config);
    assert!(text.contains("time goes back after row 0"), "{text}");
}

#[test]
fn every_bad_line_is_named() {
    let text = "what,x,y\nwalk,1,2\nwalk,1\nwalk,one,2\n,1,2\nwalk,inf,2\n";
    let text = problem(text, &Config { label: "what".into(), ..Config::default() });
    for part in [
        "(4 problems)",
        "a.csv:3: 2 fields, expected 3",
        "a.csv:4: column \"x\": expected a number, found \"one\"",
        "a.csv:5: column \"what\" is empty",
        "a.csv:6: column \"x\": expected a number, found \"inf\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let text = problem("x\n1\n", &Config { label: "what".into(), ..Config::default() });
    assert!(text.contains("a.csv:1: no column \"what\"; the columns are x"), "{text}");
    assert!(problem("", &Config::default()).contains("the file is empty"));
    assert!(problem("x,y\n", &Config::default()).contains("no rows"));
}

#[test]
fn files_with_different_columns_do_not_mix() {
    let dir = folder(&[("a.csv", "x,y\n1,2\n"), ("b.csv", "x\n1\n")]);
    let text = load(dir.path(), &Pattern::default(), &Config::default()).unwrap_err().to_string();
    assert!(text.contains("b.csv:2: 1 axes, the files before have 2"), "{text}");
}

#[test]
fn windows_of_time_make_events() {
    let text = "timestamp,x\n2014-04-01 00:00:00,1\n2014-04-01 00:05:00,2\n2014-04-01 00:10:00,3\n";
    let windows = r#"{"real/a.csv": [["2014-04-01 00:04:00", "2014-04-01 00:06:00.000000"]]}"#;
    let dir = folder(&[("a.csv", text), ("windows.json", windows)]);
    let config = Config { label_windows: "windows.json".into(), ..Config::default() };
    let index = load(dir.path(), &Pattern::default(), &config).unwrap();
    let item = &index.items[0];
    assert_eq!((index.classes[item.label].as_str(), item.rows), ("normal", 3));
    assert_eq!((item.spans[0].rows.clone(), index.classes[item.spans[0].label].as_str()), (1..2, "anomaly"));
    fs::write(dir.path().join("b.csv"), text).unwrap();
    let text = load(dir.path(), &Pattern::default(), &config).unwrap_err().to_string();
    assert!(text.contains("b.csv:2: windows.json does not name this file"), "{text}");
}

#[test]
fn columns_of_text_are_no_values() {
    let text = "Date,x,wind\n10/03/2004,1,NW\n11/03/2004,2,cv\n";
    assert_eq!(one(text, &Config::default()), [("walk".to_owned(), vec![1.0, 2.0])]);
    assert!(problem("a,b\nx,y\n", &Config::default()).contains("no column of values is left"));
}
