//! Operators in forms that the shared models do not have, against outputs of LiteRT's reference kernels
//! (testdata/README.md): int8 byte for byte, float32 to 1e-5 relative or 1e-6 absolute.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use smidgen_ir::passes::{dead_code, fuse_activation};
use smidgen_ir::{DType, Graph, Interpreter};
use smidgen_testkit::close_f32;
use smidgen_tflite::{read, write};

/// LiteRT rounds the accumulator of an int8 FULLY_CONNECTED once, TFLM and Smidgen twice: results that fall close to a
/// half may be one apart. Everything else is the same in both runtimes.
const FULLY_CONNECTED_STEPS: i32 = 1;

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

/// The outputs of all inferences in `inputs`.
fn outputs(graph: &Graph, inputs: &[u8]) -> Vec<u8> {
    let mut interpreter = Interpreter::new(graph).unwrap();
    let inferences = inputs.chunks(graph.input_bytes());
    inferences.flat_map(|inference| interpreter.run(inference).unwrap()).collect()
}

/// Whether int8 tensors differ by at most `steps` everywhere; else the first element that does not.
fn close_int8(ours: &[u8], golden: &[u8], steps: i32) -> Result<(), String> {
    if ours.len() != golden.len() {
        return Err(format!("{} bytes against {} in the golden", ours.len(), golden.len()));
    }
    for (at, (a, b)) in ours.iter().zip(golden).enumerate() {
        let (a, b) = (i32::from(a.cast_signed()), i32::from(b.cast_signed()));
        if (a - b).abs() > steps {
            return Err(format!("element {at}: {a} against {b} in the golden"));
        }
    }
    Ok(())
}

#[test]
fn every_case_agrees_with_litert() {
    let mut failures = Vec::new();
    for (name, path) in models() {
        let (inputs, golden) =
            ["in.bin", "out.bin"].map(|file| fs::read(path.with_extension(file)).unwrap()).into();
        let graph = graph(&path);
        let ours = outputs(&graph, &inputs);
        let compared = match graph.tensor(graph.outputs[0]).dtype {
            DType::I8 if name.starts_with("fully_connected/") => {
                close_int8(&ours, &golden, FULLY_CONNECTED_STEPS)
            }
            DType::I8 => close_int8(&ours, &golden, 0),
            DType::F32 | DType::I32 => close_f32(&ours, &golden),
        };
        failures.extend(compared.err().map(|error| format!("{name}: {error}")));
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
        let wanted = outputs(&graph, &inputs);
        for pass in [fuse_activation, dead_code] {
            assert!(outputs(&pass(&graph).unwrap(), &inputs) == wanted, "{name}");
        }
    }
}

#[test]
fn every_operator_has_int8_and_float_cases_that_do_not_saturate() {
    let mut seen = BTreeSet::new();
    for (name, path) in models() {
        let graph = graph(&path);
        let golden = fs::read(path.with_extension("out.bin")).unwrap();
        for node in &graph.nodes {
            seen.insert((node.op.name(), graph.tensor(node.outputs[0]).dtype.name()));
        }
        let distinct: BTreeSet<u8> = golden.iter().copied().collect();
        assert!(distinct.len() > 12, "{name} has only {} different bytes", distinct.len());
    }
    // Eleven operators in two types, QUANTIZE to int8 and DEQUANTIZE to float32.
    assert_eq!(seen.len(), 24, "{seen:?}");
}
