//! The shared ONNX models.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use smidgen_ir::{Graph, Interpreter};
use smidgen_testkit::{close_f32, shared_or_skip};

fn read(path: &Path) -> Graph {
    smidgen_onnx::read(&fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn run(graph: &Graph, input: &[u8]) -> Vec<u8> {
    Interpreter::new(graph).unwrap().run(input).unwrap()
}

/// The elements of a serialised float tensor: its last field with a length, number 9 (raw) or 4 (packed).
fn tensor(path: &Path, n_values: usize) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    bytes[bytes.len() - n_values * 4..].to_vec()
}

#[test]
fn mnist_gives_the_reference_outputs() {
    let Some(shared) = shared_or_skip("mnist_gives_the_reference_outputs") else { return };
    let folder = shared.join("models/mnist_onnx");
    let graph = read(&folder.join("model.onnx"));
    assert!(
        graph.nodes.len() <= 6,
        "{} nodes: activations are fused and constants folded",
        graph.nodes.len()
    );
    for set in 0..3 {
        let set = folder.join(format!("test_data_set_{set}"));
        let ours = run(&graph, &tensor(&set.join("input_0.pb"), 784));
        // Scores go up to thousands: sums of 400 products in another order, relative to the largest.
        close_to_largest(&ours, &tensor(&set.join("output_0.pb"), 10));
    }
}

fn close_to_largest(ours: &[u8], golden: &[u8]) {
    let floats = |bytes: &[u8]| -> Vec<f32> {
        bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect()
    };
    let (ours, golden) = (floats(ours), floats(golden));
    let largest = golden.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    for (a, b) in ours.iter().zip(&golden) {
        assert!((a - b).abs() <= 1e-5 * b.abs() || (a - b).abs() <= 1e-6 * largest, "{a} against {b}");
    }
}

#[test]
fn the_wand_is_the_same_network_in_both_formats() {
    let Some(shared) = shared_or_skip("the_wand_is_the_same_network_in_both_formats") else { return };
    let folder = shared.join("models/wand_spells");
    let ours = read(&folder.join("model.onnx"));
    let golden = shared.join("golden/tflm");
    let inputs = fs::read(golden.join("wand_spells_model.in25.bin")).unwrap();
    let outputs = fs::read(golden.join("wand_spells_model.out25.bin")).unwrap();
    let found: Vec<u8> = inputs.chunks(ours.input_bytes()).flat_map(|input| run(&ours, input)).collect();
    close_f32(&found, &outputs).unwrap();
}

#[test]
fn squeezenet_is_read_without_a_transpose() {
    let Some(shared) = shared_or_skip("squeezenet_is_read_without_a_transpose") else { return };
    let graph = read(&shared.join("models/squeezenet/squeezenet_v1.1_from_ncnn_fp16_weights.onnx"));
    assert!(graph.nodes.iter().all(|node| node.op.name() != "TRANSPOSE"));
    assert_eq!(graph.tensor(graph.inputs[0]).shape, [1, 227, 227, 3]);
    let output = run(&graph, &vec![0; graph.input_bytes()]);
    let sum: f32 = output.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).sum();
    assert!((sum - 1.0).abs() < 1e-4, "probabilities sum to {sum}");
}
