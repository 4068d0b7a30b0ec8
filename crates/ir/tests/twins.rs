//! Every operator's file has its twins: a kernel, a format row and goldens, each under the same stem.
#![allow(clippy::unwrap_used, reason = "a failure fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

/// It exists while a network trains: no kernel, not in the format, no goldens.
const TRAINING_ONLY: &[&str] = &["batch_normalization"];

/// TFLite has no such operator: no format row, no goldens of its runtimes.
const NOT_IN_TFLITE: &[&str] = &["gru"];

/// They lower to kernels of other operators, or are views.
const NO_KERNEL: &[&str] = &[
    "broadcast_to",
    "concatenation",
    "depth_to_space",
    "expand_dims",
    "pack",
    "padv2",
    "reverse_v2",
    "select",
    "shape",
    "slice",
    "space_to_depth",
    "split",
    "split_v",
    "squeeze",
    "strided_slice",
    "tile",
    "transpose",
    "unpack",
    "zeros_like",
];

/// Kernels that operators of other names have in common.
const SHARED_KERNELS: &[&str] = &["broadcast", "comparison", "rescaled", "strided_copy"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Stems of the operators' files.
fn operators() -> Vec<String> {
    let mut operators = stems("crates/ir/src/ops", "impl Operator for ");
    operators.extend(stems("crates/ir/src/ops", "impl Unary for "));
    operators.extend(stems("crates/ir/src/ops", "_operator!("));
    operators.sort();
    operators
}

/// Stems of the files of a folder that hold `part`.
fn stems(folder: &str, part: &str) -> Vec<String> {
    let files = fs::read_dir(root().join(folder)).unwrap().map(|file| file.unwrap().path());
    let holds = |path: &PathBuf| path.is_file() && fs::read_to_string(path).unwrap().contains(part);
    let mut stems: Vec<String> =
        files.filter(holds).map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    stems.sort();
    stems
}

#[test]
fn every_operator_has_its_twins() {
    let operators = operators();
    assert!(operators.len() >= 14, "{operators:?}");
    let mut missing = Vec::new();
    let mut expect = |holds: bool, what: String| missing.extend((!holds).then_some(what));
    for stem in operators.iter().map(String::as_str) {
        let listed = text("crates/ir/src/ops/mod.rs").contains(&format!("({stem}),"));
        expect(listed, format!("{stem} in the list of crates/ir/src/ops/mod.rs"));
        if TRAINING_ONLY.contains(&stem) {
            continue;
        }
        if !NO_KERNEL.contains(&stem) {
            let file = format!("crates/kernels/src/ops/{stem}.rs");
            expect(root().join(&file).is_file(), file);
            let kernel = format!(": {stem}::");
            let listed = text("crates/ir/src/kernel.rs").contains(&kernel);
            expect(listed, format!("{kernel} in crates/ir/src/kernel.rs"));
        }
        if !NOT_IN_TFLITE.contains(&stem) {
            let file = format!("crates/tflite/src/ops/{stem}.rs");
            expect(root().join(&file).is_file(), file);
            let row = format!(": {stem}, ");
            let listed = text("crates/tflite/src/ops/mod.rs").contains(&row);
            expect(listed, format!("{row} in crates/tflite/src/ops/mod.rs"));
            let goldens = format!("testdata/operators/{stem}");
            expect(root().join(&goldens).is_dir(), goldens);
        }
    }
    assert_eq!(missing, Vec::<String>::new(), "see docs/adding-an-operator.md");
}

#[test]
fn every_kernel_belongs_to_an_operator() {
    let operators = operators();
    for kernel in stems("crates/kernels/src/ops", "pub const fn new(") {
        assert!(
            operators.contains(&kernel) || SHARED_KERNELS.contains(&kernel.as_str()),
            "crates/kernels/src/ops/{kernel}.rs has no twin in crates/ir/src/ops"
        );
    }
}
