//! Models as TensorFlow converts them with the lines of `docs/import.md`, against TFLM's reference kernels, and the
//! conversion between formats.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use smidgen::convert;
use smidgen::model_file::{self, ModelFile};
use smidgen_ir::{Interpreter, Op};
use smidgen_testkit::{close_f32, shared_or_skip};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/import").join(name)
}

/// The outputs of all inferences that stand beside the model, and what they should be.
fn run(model: &Path, beside: &Path) -> (Vec<u8>, Vec<u8>) {
    let graph = model_file::read(model).unwrap_or_else(|error| panic!("{error}"));
    let read = |end: &str| std::fs::read(beside.with_extension(end)).unwrap();
    let mut interpreter = Interpreter::new(&graph).unwrap();
    let inputs = read("in.bin");
    let outputs = inputs.chunks(graph.input_bytes()).map(|input| interpreter.run(input).unwrap());
    (outputs.collect::<Vec<_>>().concat(), read("out.bin"))
}

#[test]
fn keras_models_compute_what_tflm_computes() {
    for name in ["", "lstm_", "gru_"] {
        for kind in ["int8", "int16x8"] {
            let model = fixture(&format!("keras/{name}{kind}.tflite"));
            let (ours, golden) = run(&model, &model);
            assert_eq!(ours, golden, "{name}{kind}");
        }
        let model = fixture(&format!("keras/{name}float.tflite"));
        let (ours, golden) = run(&model, &model);
        close_f32(&ours, &golden).unwrap();
    }
}

#[test]
fn a_float_model_goes_from_each_format_to_the_other() {
    let dir = tempfile::tempdir().unwrap();
    for (name, to) in [("keras/float.tflite", "float.onnx"), ("pytorch/cnn.onnx", "cnn.tflite")] {
        let (model, made) = (fixture(name), dir.path().join(to));
        let conversion = convert::convert(&ModelFile::new(&model), &made, false).unwrap();
        assert_eq!(conversion.to, to);
        let (ours, golden) = run(&made, &model);
        close_f32(&ours, &golden).unwrap_or_else(|message| panic!("{name}: {message}"));
    }
    let error =
        convert::convert(&ModelFile::new(fixture("keras/float.tflite")), &dir.path().join("model.h5"), false)
            .unwrap_err();
    assert!(error.to_string().contains(".tflite or .onnx"), "{error}");
}

#[test]
fn filters_of_few_values_are_written_as_tflm_compresses_them_and_compute_the_same() {
    let Some(shared) = shared_or_skip("a compressed model") else { return };
    let mut graph = ModelFile::new(shared.join("models/tflm/person_detect_int8.tflite")).read().unwrap();
    // Sixteen values in each filter.
    let filters: Vec<_> = graph
        .nodes
        .iter()
        .filter(|node| matches!(node.op, Op::Conv2d(_) | Op::DepthwiseConv2d(_)))
        .filter_map(|node| node.inputs[1])
        .collect();
    for &filter in &filters {
        let values = graph.tensor(filter).i8s().unwrap();
        let few = values.iter().map(|value| (value >> 4 << 4).cast_unsigned()).collect();
        graph.tensor_mut(filter).data = Some(few);
    }
    let dir = tempfile::tempdir().unwrap();
    let [plain, compressed] = ["plain.tflite", "compressed.tflite"].map(|name| dir.path().join(name));
    smidgen::model_file::write(&graph, &plain).unwrap();
    let conversion = convert::convert(&ModelFile::new(&plain), &compressed, true).unwrap();
    let note = conversion.notes.last().unwrap();
    assert!(note.contains("filters are compressed: TensorFlow Lite Micro"), "{note}");
    let [before, after] = [&plain, &compressed].map(|path| fs::metadata(path).unwrap().len());
    assert!(after * 5 < before * 4, "{after} of {before} bytes");
    let [before, after] = [&plain, &compressed].map(|path| ModelFile::new(path).read().unwrap());
    assert_eq!(before, after);
    let error = convert::convert(&ModelFile::new(&plain), &dir.path().join("model.onnx"), true).unwrap_err();
    assert!(error.to_string().contains(".tflite"), "{error}");
    let whole = ModelFile::new(shared.join("models/tflm/hello_world_float.tflite"));
    let conversion = convert::convert(&whole, &compressed, true).unwrap();
    assert!(conversion.notes.iter().any(|note| note.contains("nothing is compressed")), "{conversion:?}");
}
