//! `docs/models.md` names every shared model, and every one is read and lowered.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use smidgen::model_file::ModelFile;
use smidgen_testkit::shared_or_skip;

/// Refused on purpose without an option; the table says so.
const REFUSED: &[&str] = &["mlperf_tiny/kws_ref_model_float32.tflite"];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.retain(|path| path.extension().is_some_and(|kind| kind == "tflite" || kind == "onnx"));
    found.sort();
    found
}

#[test]
fn every_shared_model_is_in_the_table_and_lowers() {
    let Some(shared) = shared_or_skip("the table of models") else { return };
    let models = shared.join("models");
    let table = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/models.md"));
    let table = table.expect("docs/models.md");
    let mut problems = Vec::new();
    for path in files(&models) {
        let name = path.strip_prefix(&models).expect("inside").display().to_string();
        let row = if name.starts_with("tflite_ops/") {
            "| tflite_ops/ops/*.tflite |".into()
        } else {
            format!("| {name} |")
        };
        if !table.contains(&row) {
            problems.push(format!("{name} is not in docs/models.md"));
        }
        let lowered = smidgen::inspect::inspect(&ModelFile::new(&path));
        if lowered.is_ok() == REFUSED.contains(&name.as_str()) {
            problems
                .push(format!("{name}: {:?}", lowered.map(|_| "is read").map_err(|error| error.to_string())));
        }
    }
    assert_eq!(problems, Vec::<String>::new());
}
