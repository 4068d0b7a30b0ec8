//! Models with an LSTM: each operator's result as TFLM's reference kernels have it, anew and going on from the last
//! inference.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use smidgen_ir::{DType, Graph, Interpreter};
use smidgen_testkit::{close_f32, shared_or_skip};
use smidgen_tflite::read;

fn golden(shared: &Path, name: &str) -> Vec<u8> {
    let path = shared.join("golden/tflm").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn model(shared: &Path, name: &str) -> Graph {
    read(&fs::read(shared.join("models/tflm").join(name)).unwrap()).unwrap()
}

/// Compares every inference with the golden outputs; `reset` before each, or once.
fn check(graph: &Graph, inputs: &[u8], golden: &[u8], reset: bool, name: &str) {
    let mut interpreter = Interpreter::new(graph).unwrap();
    let (in_bytes, out_bytes) = (graph.input_bytes(), graph.output_bytes());
    let n = golden.len() / out_bytes;
    assert!(n > 0 && golden.len() == n * out_bytes && inputs.len() >= n * in_bytes, "{name}");
    for (at, (input, golden)) in inputs.chunks(in_bytes).zip(golden.chunks(out_bytes)).enumerate() {
        if reset {
            interpreter.reset();
        }
        let output = interpreter.run(input).unwrap();
        if graph.tensor(graph.outputs[0]).dtype == DType::F32 {
            close_f32(&output, golden).unwrap_or_else(|error| panic!("{name}, inference {at}: {error}"));
        } else {
            assert!(output == golden, "{name}, inference {at}");
        }
    }
}

#[test]
fn an_int8_lstm_equals_its_goldens() {
    let Some(shared) = shared_or_skip("an_int8_lstm_equals_its_goldens") else { return };
    let graph = model(&shared, "mnist_lstm_int8.tflite");
    for (input, output, reset) in [
        ("in.bin", "out.bin", true),
        ("in25.bin", "out25.bin", true),
        ("walk25.in.bin", "walk25.out.bin", true),
        ("in.bin", "stateful.out.bin", false),
        ("walk25.in.bin", "walk5.stateful.out.bin", false),
    ] {
        let [input, output] = [input, output].map(|file| format!("trained_lstm_int8.{file}"));
        check(&graph, &golden(&shared, &input), &golden(&shared, &output), reset, &output);
    }
}

#[test]
fn a_float_lstm_equals_its_goldens() {
    let Some(shared) = shared_or_skip("a_float_lstm_equals_its_goldens") else { return };
    let graph = model(&shared, "mnist_lstm_float.tflite");
    for (input, output, reset) in [
        ("in25.bin", "out25.bin", true),
        ("walk25.in.bin", "walk25.out.bin", true),
        ("in25.bin", "stateful25.out.bin", false),
        ("walk25.in.bin", "walk25.stateful.out.bin", false),
    ] {
        let [input, output] = [input, output].map(|file| format!("mnist_lstm_float.{file}"));
        check(&graph, &golden(&shared, &input), &golden(&shared, &output), reset, &output);
    }
}

#[test]
fn every_layer_equals_its_golden() {
    let Some(shared) = shared_or_skip("every_layer_equals_its_golden") else { return };
    for (name, stem, inputs) in [
        ("mnist_lstm_int8.tflite", "trained_lstm_int8", "in.bin"),
        ("mnist_lstm_float.tflite", "mnist_lstm_float", "in25.bin"),
    ] {
        let mut graph = model(&shared, name);
        let inputs = golden(&shared, &format!("{stem}.{inputs}"));
        let layers = golden(&shared, &format!("layers/{stem}.seed1.bin"));
        let mut start = 0;
        for at in 0..graph.nodes.len() {
            graph.outputs = vec![graph.nodes[at].outputs[0]];
            let end = start + graph.output_bytes();
            check(&graph, &inputs, &layers[start..end], true, &format!("{stem}, node {at}"));
            start = end;
        }
        assert_eq!(start, layers.len(), "{stem}");
    }
}
