//! Operators in forms that the shared models do not have, against outputs of TFLM's reference kernels, or LiteRT's where
//! TFLM has none (testdata/README.md): integers byte for byte, float32 to 1e-5 relative or 1e-6 absolute.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use smidgen_ir::passes::{dead_code, fuse_activation};
use smidgen_ir::{DType, Graph, Interpreter};
use smidgen_testkit::close_f32;
use smidgen_tflite::{read, write};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/operators")
}

/// All models with their names, `conv_2d/int8_grouped`, in order.
fn models() -> Vec<(String, PathBuf)> {
    let mut models = Vec::new();
    for operator in fs::read_dir(folder()).expect("testdata/operators").map(Result::unwrap) {
        if !operator.path().is_dir() {
            continue;
        }
        for file in fs::read_dir(operator.path()).unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "tflite") {
                let (folder, stem) = (operator.file_name(), file.file_stem().unwrap());
                models.push((format!("{}/{}", folder.display(), stem.display()), file));
            }
        }
    }
    models.sort();
    models
}

fn graph(path: &Path) -> Graph {
    read(&fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The outputs of all inferences in `inputs`, each from the initial state unless the case is called stateful.
fn outputs(graph: &Graph, inputs: &[u8], name: &str) -> Vec<u8> {
    let mut interpreter = Interpreter::new(graph).unwrap();
    let inferences = inputs.chunks(graph.input_bytes());
    let run = |inference| {
        if !name.contains("stateful") {
            interpreter.reset();
        }
        interpreter.run(inference).unwrap()
    };
    inferences.flat_map(run).collect()
}

/// Whether one inference's outputs agree: integers in every byte, floats within the tolerance.
fn agree(graph: &Graph, mut ours: &[u8], mut golden: &[u8]) -> Result<(), String> {
    for (at, &output) in graph.outputs.iter().enumerate() {
        let tensor = graph.tensor(output);
        let (own, ours_rest) = ours.split_at(tensor.n_bytes());
        let (wanted, golden_rest) = golden.split_at(tensor.n_bytes());
        (ours, golden) = (ours_rest, golden_rest);
        if tensor.dtype == DType::F32 {
            close_f32(own, wanted).map_err(|error| format!("output {at}: {error}"))?;
        } else if let Some(byte) = own.iter().zip(wanted).position(|(a, b)| a != b) {
            let (dtype, found, golden) = (tensor.dtype.name(), own[byte], wanted[byte]);
            return Err(format!("output {at}, {dtype}: byte {byte} is {found}, {golden} in the golden"));
        }
    }
    Ok(())
}

#[test]
fn every_case_agrees_with_the_goldens() {
    let mut failures = Vec::new();
    for (name, path) in models() {
        let (inputs, golden) =
            ["in.bin", "out.bin"].map(|file| fs::read(path.with_extension(file)).unwrap()).into();
        let graph = graph(&path);
        let ours = outputs(&graph, &inputs, &name);
        let size = graph.output_bytes();
        assert_eq!(ours.len(), golden.len(), "{name}");
        let compared = ours.chunks(size).zip(golden.chunks(size)).enumerate();
        let failed = compared.filter_map(|(at, (ours, golden))| {
            agree(&graph, ours, golden).err().map(|error| format!("{name}, inference {at}: {error}"))
        });
        failures.extend(failed);
    }
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn the_writer_still_makes_these_files() {
    for (name, path) in models() {
        assert!(
            write(&graph(&path)).unwrap() == fs::read(&path).unwrap(),
            "{name}: run scripts/make-goldens"
        );
    }
}

#[test]
fn passes_keep_every_byte() {
    for (name, path) in models() {
        let inputs = fs::read(path.with_extension("in.bin")).unwrap();
        let graph = graph(&path);
        let wanted = outputs(&graph, &inputs, &name);
        for pass in [fuse_activation, dead_code] {
            assert!(outputs(&pass(&graph).unwrap(), &inputs, &name) == wanted, "{name}");
        }
    }
}

/// Cases whose outputs have few different bytes, and why that is so.
const FEW_VALUES: &[(&str, &str)] = &[
    ("ceil/float", "whole numbers near 0 as floats"),
    ("fill/float", "one value for each inference"),
    ("fill/int32", "one value for each inference"),
    ("fill/int8", "one value for each inference"),
    ("floor/float", "whole numbers near 0 as floats"),
    ("mul/int8_upscaled", "a multiplier above 1 leaves most products outside the range"),
    ("round/float_ties", "whole numbers near 0 as floats"),
    ("shape/int32", "four extents"),
    ("strided_slice/int32_shrink", "eight small numbers of four bytes"),
    ("zeros_like/", "zeros"),
];

#[test]
fn no_case_is_all_one_value() {
    for (name, path) in models() {
        let golden = fs::read(path.with_extension("out.bin")).unwrap();
        let distinct = golden.iter().collect::<BTreeSet<_>>().len();
        let graph = graph(&path);
        let mut ports = graph.inputs.iter().chain(&graph.outputs);
        let has_truth = ports.any(|&port| graph.tensor(port).dtype == DType::Bool);
        let may_be_few = FEW_VALUES.iter().any(|(few, _)| name.starts_with(few));
        if may_be_few {
            assert!(distinct <= 12, "{name} has {distinct} different bytes: take it from FEW_VALUES");
        } else {
            let least = if has_truth { 2 } else { 13 };
            assert!(distinct >= least, "{name} has only {distinct} different bytes");
        }
    }
}
