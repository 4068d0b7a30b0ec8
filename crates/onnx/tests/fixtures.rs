//! Models in `testdata/import` against what onnxruntime computes with them, and through the writer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use smidgen_ir::{DType, Graph, Interpreter};
use smidgen_testkit::close_f32;

fn fixtures(below: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/import").join(below);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "onnx"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn read(path: &Path) -> Graph {
    smidgen_onnx::read(&fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The outputs of all inferences in `inputs`, one after the other.
fn run(graph: &Graph, inputs: &[u8]) -> Vec<u8> {
    let mut interpreter = Interpreter::new(graph).unwrap();
    let outputs = inputs.chunks(graph.input_bytes()).map(|input| {
        interpreter.reset();
        interpreter.run(input).unwrap()
    });
    outputs.collect::<Vec<_>>().concat()
}

fn expected(path: &Path) -> (Vec<u8>, Vec<u8>) {
    (fs::read(path.with_extension("in.bin")).unwrap(), fs::read(path.with_extension("out.bin")).unwrap())
}

/// What differs from onnxruntime: floats to 1e-5 relative or 1e-6 absolute, integers at all.
fn differences(below: &str) -> Vec<String> {
    let mut found = Vec::new();
    for path in fixtures(below) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        let graph = match smidgen_onnx::read(&bytes) {
            Ok(graph) => graph,
            Err(error) => {
                found.push(format!("{name}: {error}"));
                continue;
            }
        };
        let (inputs, outputs) = expected(&path);
        let ours = run(&graph, &inputs);
        let is_float = graph.outputs.iter().all(|&idx| graph.tensor(idx).dtype == DType::F32);
        let same = if is_float {
            close_f32(&ours, &outputs)
        } else {
            (ours == outputs).then_some(()).ok_or_else(|| "differs".into())
        };
        if let Err(message) = same {
            found.push(format!("{name}: {message}"));
        }
    }
    found
}

#[test]
fn operators_compute_what_onnxruntime_computes() {
    assert_eq!(differences("operators"), Vec::<String>::new());
}

#[test]
fn exports_of_pytorch_compute_what_onnxruntime_computes() {
    assert_eq!(differences("pytorch"), Vec::<String>::new());
}

#[test]
fn what_is_written_reads_back_with_the_same_results() {
    let mut found = Vec::new();
    for path in fixtures("operators").into_iter().chain(fixtures("pytorch")) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let graph = read(&path);
        let written = match smidgen_onnx::write(&graph) {
            Ok(written) => written,
            // Recurrent layers are read only.
            Err(error) if error.to_string().contains("has no counterpart") && recurrent(&name) => continue,
            Err(error) => {
                found.push(format!("{name}: {error}"));
                continue;
            }
        };
        assert_eq!(written, smidgen_onnx::write(&graph).unwrap(), "{name}: the same graph, the same bytes");
        let again = match smidgen_onnx::read(&written) {
            Ok(again) => again,
            Err(error) => {
                found.push(format!("{name}: {error}"));
                continue;
            }
        };
        let shapes = |graph: &Graph| -> Vec<Vec<usize>> {
            graph.inputs.iter().chain(&graph.outputs).map(|&idx| graph.tensor(idx).shape.clone()).collect()
        };
        assert_eq!(shapes(&graph), shapes(&again), "{name}");
        let (inputs, _) = expected(&path);
        let (first, second) = (run(&graph, &inputs), run(&again, &inputs));
        let is_float = graph.outputs.iter().all(|&idx| graph.tensor(idx).dtype == DType::F32);
        if first != second && !(is_float && close_f32(&second, &first).is_ok()) {
            found.push(format!("{name}: differs after writing"));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

fn recurrent(name: &str) -> bool {
    ["lstm", "gru"].iter().any(|kind| name.contains(kind))
}

/// The network was made float again to judge the scale of the results.
#[test]
fn quantised_graphs_stay_int8_and_within_a_unit_for_each_operator() {
    for path in fixtures("onnxruntime") {
        let graph = read(&path);
        let floats = graph.nodes.iter().filter(|node| {
            let quantises = matches!(node.op.name(), "QUANTIZE" | "DEQUANTIZE");
            !quantises && node.outputs.iter().any(|&idx| graph.tensor(idx).dtype == DType::F32)
        });
        assert_eq!(floats.count(), 0, "{}: an operator is computed in float", path.display());
        let (inputs, outputs) = expected(&path);
        let ours = run(&graph, &inputs);
        // The last operator is SOFTMAX, whose results have the scale 1/256.
        let worst =
            floats_of(&ours).iter().zip(floats_of(&outputs)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst <= 5.0 / 256.0, "{}: results are {worst} apart", path.display());
    }
}

fn floats_of(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect()
}
