//! Every loader on real sets of its kind.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use smidgen_data::{Index, Layout, Options, Part, Pattern, csv, guess, images, load, wav_folder};
use smidgen_testkit::shared_or_skip;
use std::path::Path;

fn at(path: &Path, layout: Layout, options: &Options) -> Index {
    assert_eq!(guess(path).unwrap(), Some(layout), "{}", path.display());
    load(path, layout, options).unwrap()
}

fn named(pattern: &str) -> Options {
    Options { names: Pattern(pattern.into()), ..Options::default() }
}

#[test]
fn speech_commands_and_spoken_digits() {
    let Some(shared) = shared_or_skip("speech_commands_and_spoken_digits") else { return };
    let dir = shared.join("data/kws");
    let classes = ["yes", "no", "_unknown_", "_silence_"].map(String::from).to_vec();
    let options = Options { classes, other_classes: Some("drop".into()), ..Options::default() };
    let index = at(&dir.join("speech_commands_v2_testslice"), Layout::Wav, &options);
    assert_eq!(index.class_counts(), [250, 250, 250, 250]);
    assert_eq!((index.rate_hz, index.items[0].rows), (16_000.0, 16_000));
    assert!(index.items.iter().any(|item| item.group == "03401e93"));
    let values = index.values(0).unwrap();
    assert!(values.iter().any(|value| value.abs() > 0.01) && values.iter().all(|value| value.abs() <= 1.0));

    let wav = wav_folder::Config { rate_hz: 16_000, ..wav_folder::Config::default() };
    let options = Options { wav, ..named("recordings/{label}_{group}_{}") };
    let digits = at(&dir.join("fsdd"), Layout::Wav, &options);
    assert_eq!((digits.items.len(), digits.classes.len(), digits.rate_hz), (3000, 10, 16_000.0));
    let groups: std::collections::BTreeSet<&str> =
        digits.items.iter().map(|item| item.group.as_str()).collect();
    assert_eq!(groups.len(), 6);
}

#[test]
fn images_of_three_kinds() {
    let Some(shared) = shared_or_skip("images_of_three_kinds") else { return };
    let dir = shared.join("data/image");
    let mnist = at(&dir.join("mnist"), Layout::Idx, &Options::default());
    assert_eq!(
        (mnist.items.len(), mnist.classes.len(), mnist.row_shape.as_slice()),
        (70_000, 10, &[28, 1][..])
    );
    assert_eq!(mnist.items.iter().filter(|item| item.part == Some(Part::Test)).count(), 10_000);
    assert_eq!(mnist.class_counts()[1], 6742 + 1135);
    let hands = dir.join("sign_language_digits_64");
    let options =
        Options { images: images::Config { size: Some([32, 32]), grey: true }, ..Options::default() };
    let hands = at(&hands, Layout::Images, &options);
    assert_eq!((hands.items.len(), hands.items[0].rows, hands.row_len()), (2059, 32, 32));
}

#[test]
fn motion_in_csv_and_numpy() {
    let Some(shared) = shared_or_skip("motion_in_csv_and_numpy") else { return };
    let dir = shared.join("data/gesture");
    let nicla = at(&dir.join("nicla_transport"), Layout::Csv, &named("{part}__{label}__{}"));
    assert_eq!((nicla.row_len(), nicla.items.iter().filter(|i| i.part == Some(Part::Test)).count()), (6, 8));
    let spells = at(&dir.join("wand_spells"), Layout::Csv, &named("{part}/{label}"));
    assert_eq!((spells.items.len(), spells.classes.len()), (10, 5));
    let exercises = at(&dir.join("emlearn_har/har_record_exercises_1"), Layout::Numpy, &named("{}_{label}"));
    assert_eq!(
        (exercises.items.len(), exercises.classes.as_slice()),
        (120, &["jumpingjack", "lunge", "other", "squat"].map(String::from)[..])
    );
}

#[test]
fn series_with_gaps_dates_and_label_windows() {
    let Some(shared) = shared_or_skip("series_with_gaps_dates_and_label_windows") else { return };
    let dir = shared.join("data");
    let options = csv::Config {
        values: vec!["pm2.5".into(), "TEMP".into()],
        missing: csv::Gap::Drop,
        ..csv::Config::default()
    };
    let air = at(&dir.join("air/beijing_pm25"), Layout::Csv, &Options { csv: options, ..named("{label}") });
    assert_eq!((air.missing.values, air.items[0].rows), (2067, 43_824 - 2067));
    let options = csv::Config { label_windows: "combined_windows.json".into(), ..csv::Config::default() };
    let nab =
        load(&dir.join("anomaly/nab"), Layout::Csv, &Options { csv: options, ..Options::default() }).unwrap();
    assert_eq!((nab.items.len(), nab.classes.as_slice()), (7, &["normal", "anomaly"].map(String::from)[..]));
    let jumps = nab.items.iter().find(|item| item.name.contains("jumpsup")).unwrap();
    assert_eq!(jumps.spans.len(), 1);
}
