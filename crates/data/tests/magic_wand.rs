//! The measured magic-wand set, where the shared folder is present: loading, windows and the split by person.

use smidgen_data::{DataError, Index, json_lines, split, window};
use std::sync::Arc;

const TEST: [&str; 4] = ["liucx", "zhangxy", "negative1", "negative8"];
const VALIDATION: [&str; 3] = ["pengxl", "negative2", "negative7"];

#[test]
fn the_measured_set_loads_and_splits_as_tensorflow_does() -> Result<(), DataError> {
    let Some(shared) = smidgen_testkit::shared_or_skip("magic_wand") else { return Ok(()) };
    let dir = shared.join("data/gesture/magic_wand_tf");
    let classes: Vec<String> = ["wing", "ring", "slope", "negative"].map(String::from).into();
    let set = json_lines::load_dir(&dir, &json_lines::Config { classes, ..json_lines::Config::default() })?;
    assert_eq!((set.recordings.len(), set.axes), (981, 3));
    assert!(set.provenance.to_string().starts_with("measured: "));

    let index = Arc::new(Index::try_from(set)?);
    let windows = window::windows(&index, &window::Config::default())?;
    assert_eq!(windows.shape, [128, 3]);
    assert_eq!(windows.class_counts(), [201, 196, 204, 380]);
    for at in 0..windows.len() {
        assert!(windows.values(at)?.iter().all(|value| (-2.05..=2.05).contains(value)), "in g: {at}");
    }

    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let config = split::Config::Groups { test: names(&TEST), validation: names(&VALIDATION) };
    let (split, warnings) = split::split(&windows, &config)?;
    assert_eq!(split.parts().map(|(_, part)| part.samples.len()), [653, 136, 192]);
    assert!(warnings.is_empty(), "{warnings:?}");
    Ok(())
}
