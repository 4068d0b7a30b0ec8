//! Bytes that no exporter writes end in an error.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod raw;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use raw::{FLOAT, INT8, INT64, UINT8, constant, int, ints, list, model, node, text};
use smidgen_ir::Graph;
use smidgen_onnx::ReadError;
use smidgen_testkit::{Counting, peak_bytes};

/// The most that reading may take: 1024 times the file and 8 MiB. The bytes of a file are 64-bit integers when shapes are
/// computed, and 32 of them may be made of each.
fn bound(file_bytes: usize) -> usize {
    1024 * file_bytes + (8 << 20)
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Reads within the bound.
fn read(bytes: &[u8]) -> Result<Graph, ReadError> {
    let (outcome, taken) = peak_bytes(|| smidgen_onnx::read(bytes));
    assert!(taken <= bound(bytes.len()), "{taken} bytes for a file of {}", bytes.len());
    outcome
}

/// The problems of a file that must not be read.
fn refused(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

fn fixture(name: &str) -> Vec<u8> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/import").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const SEEDS: [&str; 6] = [
    "operators/conv_pads_stride.onnx",
    "operators/concat.onnx",
    "operators/slice_backwards.onnx",
    "operators/shape_arithmetic.onnx",
    "operators/resize_nearest_half_pixel_down.onnx",
    "operators/lstm_bidirectional.onnx",
];

proptest! {
    // The same bytes on every run: the fuzzer looks for others.
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(400) })]

    #[test]
    fn changed_bytes_end_in_a_graph_or_an_error(
        which in 0..SEEDS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = fixture(SEEDS[which]);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(graph) = read(&bytes) {
            prop_assert!(graph.verify().is_ok());
        }
    }

    #[test]
    fn any_bytes_end_in_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&bytes).is_err());
    }
}

#[test]
fn a_file_of_empty_messages_is_refused_before_it_is_decoded() {
    // Field 7 (graph) of 2^20 times field 1 (node) with length 0.
    let nodes = [0x0a, 0].repeat(1 << 20);
    let mut bytes = vec![0x3a];
    let mut length = nodes.len();
    while length >= 0x80 {
        bytes.push(0x80 | (length & 0x7f) as u8);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(nodes);
    let error = read(&bytes).unwrap_err().to_string();
    assert!(error.contains("messages and lists"), "{error}");
}

#[test]
fn other_files_are_told_apart() {
    for (bytes, expected) in [(&b""[..], "the file is empty"), (b"\x1c\0\0\0TFL3", "not an ONNX model")] {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_smallest_pad_is_refused() {
    let pads = list("pads", &[i64::MIN, 0, 0, 0]);
    let error = refused(&model(&[2, 3], &[pads], &[node("Pad", &["x", "pads"], &["y"], &[])]));
    assert!(error.contains("are negative"), "{error}");
}

#[test]
fn integers_that_outgrow_their_type_are_refused() {
    let bytes = constant("bytes", UINT8, &[1], &[200]);
    let nodes = [node("Mul", &["bytes", "bytes"], &["z"], &[]), node("Add", &["x", "z"], &["y"], &[])];
    let error = refused(&model(&[1], &[bytes], &nodes));
    assert!(error.contains("40000 does not fit uint8"), "{error}");
}

#[test]
fn the_largest_weights_are_quantised_to_the_largest_integers() {
    let constants = [
        constant("w", FLOAT, &[1], &f32::MAX.to_le_bytes()),
        constant("scale", FLOAT, &[], &1e-30f32.to_le_bytes()),
        constant("zero", INT8, &[], &[1]),
    ];
    let nodes = [
        node("QuantizeLinear", &["w", "scale", "zero"], &["q"], &[]),
        node("DequantizeLinear", &["q", "scale", "zero"], &["d"], &[]),
        node("Add", &["x", "d"], &["y"], &[]),
    ];
    let graph = read(&model(&[1], &constants, &nodes)).unwrap();
    let constant = graph.tensors.iter().find_map(|tensor| tensor.f32s()).unwrap();
    assert_eq!(constant, [126.0 * 1e-30]);
}

#[test]
fn values_and_zero_points_of_two_types_are_refused() {
    let constants = [
        list("w", &[i64::MIN]),
        constant("scale", FLOAT, &[], &1f32.to_le_bytes()),
        constant("zero", INT8, &[], &[1]),
    ];
    let nodes = [
        node("DequantizeLinear", &["w", "scale", "zero"], &["d"], &[]),
        node("Add", &["x", "d"], &["y"], &[]),
    ];
    let error = refused(&model(&[1], &constants, &nodes));
    assert!(error.contains("its values are int64, its zero point is int8"), "{error}");
}

#[test]
fn an_empty_list_may_be_taken_backwards() {
    let constants = [list("none", &[]), list("minus_one", &[-1]), list("first", &[0]), list("two", &[2])];
    let nodes = [
        node("Slice", &["none", "minus_one", "minus_one", "first", "minus_one"], &["still_none"], &[]),
        node("Concat", &["still_none", "two"], &["shape"], &[int("axis", 0)]),
        node("Reshape", &["x", "shape"], &["y"], &[]),
    ];
    let graph = read(&model(&[1, 2], &constants, &nodes)).unwrap();
    assert_eq!(graph.tensor(graph.outputs[0]).shape, [2]);
}

#[test]
fn extents_beside_one_of_zero_count() {
    let large = constant("large", INT64, &[0, 1 << 40, 1 << 40], &[]);
    let nodes =
        [node("Transpose", &["large"], &["turned"], &[]), node("Reshape", &["x", "turned"], &["y"], &[])];
    let error = refused(&model(&[1], &[large], &nodes));
    assert!(error.contains("has 2^31 elements or more"), "{error}");
}

#[test]
fn activations_without_elements_are_refused() {
    let none = constant("none", FLOAT, &[0], &[]);
    let error = refused(&model(&[1], &[none], &[node("Add", &["x", "none"], &["y"], &[])]));
    assert!(error.contains("has no elements"), "{error}");
    let error = refused(&model(&[1], &[list("none", &[0])], &[node("Expand", &["x", "none"], &["y"], &[])]));
    assert!(error.contains("has no elements"), "{error}");
}

#[test]
fn dimensions_are_counted_before_they_are_compared() {
    let many = vec![1; 100_000];
    let error = refused(&model(&[1], &[list("many", &many)], &[node("Expand", &["x", "many"], &["y"], &[])]));
    assert!(error.contains("it has 100000 dimensions"), "{error}");
    let axes: Vec<i64> = (0..100_000).collect();
    let error =
        refused(&model(&[1], &[list("many", &axes)], &[node("Unsqueeze", &["x", "many"], &["y"], &[])]));
    assert!(error.contains("it has 100001 dimensions"), "{error}");
    let nodes = [node("Reshape", &["one", "many"], &["z"], &[]), node("Add", &["x", "z"], &["y"], &[])];
    let error = refused(&model(&[1], &[list("one", &[1]), list("many", &many)], &nodes));
    assert!(error.contains("it has 100000 dimensions"), "{error}");
}

/// What is said of a file that asks for more than it holds.
const TOO_LARGE: &str = "too large for a file of this size";

#[test]
fn constants_that_a_small_file_asks_for_are_bounded() {
    let reshape = |name: &str| node("Reshape", &["x", name], &["y"], &[]);
    let lists = [list("one", &[1]), list("many", &[1 << 40]), list("wide", &[1 << 30])];
    let tile = [node("Tile", &["one", "many"], &["z"], &[]), reshape("z")];
    let error = refused(&model(&[1], &lists, &tile));
    assert!(error.contains("2^31 elements or more"), "{error}");
    let tile = [node("Tile", &["one", "wide"], &["z"], &[]), reshape("z")];
    let error = refused(&model(&[1], &lists, &tile));
    assert!(error.contains(TOO_LARGE), "{error}");
    let split = [node("Split", &["x"], &["y", "z"], &[int("num_outputs", 1 << 25)])];
    let graph = read(&model(&[1 << 26], &[], &split)).unwrap();
    assert_eq!(graph.tensor(graph.outputs[0]).shape, [1 << 25]);
}

#[test]
fn copies_of_a_constant_are_counted() {
    let large = constant("0", FLOAT, &[1 << 14], &[0; 4 << 14]);
    let copies: Vec<String> = (0..1000).map(|at| at.to_string()).collect();
    for op in ["Identity", "Neg", "Sum", "Flatten"] {
        let mut nodes: Vec<Vec<u8>> =
            copies.windows(2).map(|pair| node(op, &[&pair[0]], &[&pair[1]], &[int("axis", 0)])).collect();
        nodes.push(node("Add", &["x", "999"], &["y"], &[]));
        let error = refused(&model(&[1], std::slice::from_ref(&large), &nodes));
        assert!(error.contains(TOO_LARGE), "{op}: {error}");
    }
    let mut nodes: Vec<Vec<u8>> =
        copies.iter().map(|name| node("Add", &["x", "0"], &[&format!("y{name}")], &[])).collect();
    nodes.push(node("Relu", &["x"], &["y"], &[]));
    let error = refused(&model(&[1], &[large], &nodes));
    assert!(error.contains(TOO_LARGE), "{error}");
}

#[test]
fn tables_that_a_large_activation_asks_for_are_bounded() {
    let pool = [ints("kernel_shape", &[3, 3]), ints("pads", &[2, 2, 0, 0])];
    let error = refused(&model(&[1, 1, 30_000, 30_000], &[], &[node("AveragePool", &["x"], &["y"], &pool)]));
    assert!(error.contains(TOO_LARGE), "{error}");
    let crd = [int("blocksize", 2), text("mode", "CRD")];
    let error = refused(&model(&[1, 1 << 30, 1, 1], &[], &[node("DepthToSpace", &["x"], &["y"], &crd)]));
    assert!(error.contains(TOO_LARGE), "{error}");
    let ones = [constant("one", FLOAT, &[1], &[0; 4])];
    let group = node("GroupNormalization", &["x", "one", "one"], &["y"], &[int("num_groups", 1)]);
    let error = refused(&model(&[1, 1 << 30, 1, 1], &ones, &[group]));
    assert!(error.contains(TOO_LARGE), "{error}");
    let pads = list("pads", &[i32::MAX.into(), 1]);
    let edge = node("Pad", &["x", "pads"], &["y"], &[text("mode", "edge")]);
    let error = refused(&model(&[1], &[pads], &[edge]));
    assert!(error.contains("it pads to 2147483649 elements"), "{error}");
    let constants = [constant("none", FLOAT, &[0, 1 << 30], &[]), constant("one", FLOAT, &[1], &[0; 4])];
    let error = refused(&model(&[1, 1], &constants, &[node("Gemm", &["x", "none", "one"], &["y"], &[])]));
    assert!(error.contains(TOO_LARGE), "{error}");
}

#[test]
fn what_is_empty_is_joined_and_gathered_at_once() {
    let empty = constant("empty", INT64, &[1 << 30, 1, 0], &[]);
    let nodes = [
        node("Concat", &["empty"; 1000], &["joined"], &[int("axis", 2)]),
        node("Gather", &["empty", "zeros"], &["taken"], &[int("axis", 1)]),
        node("Relu", &["x"], &["y"], &[]),
    ];
    let zeros = list("zeros", &[0]);
    assert!(read(&model(&[1], &[empty, zeros], &nodes)).is_ok());
}

#[test]
fn names_that_are_made_twice_are_refused() {
    let twice = node("Identity", &["x"], &["y"], &[]);
    let error = refused(&model(&[1], &[], &[twice.clone(), twice]));
    assert!(error.contains("\"y\" is there already"), "{error}");
    let error = refused(&model(&[1], &[], &[node("Relu", &["y"], &["x"], &[])]));
    assert!(error.contains("\"x\" is there already"), "{error}");
}

#[test]
fn names_that_are_read_often_are_followed_once() {
    // Along every path, the weights of the Gemm alone would be followed 100^6 times.
    let mut nodes = vec![node("Transpose", &["x"], &["t"], &[]), node("Reshape", &["t", "row"], &["a"], &[])];
    for pair in ["a", "b", "c", "d"].windows(2) {
        nodes.push(node("Identity", &[pair[0]; 100], &[pair[1]], &[]));
    }
    let weights: Vec<String> = (0..10).map(|at| format!("w{at}")).collect();
    for pair in weights.windows(2) {
        nodes.push(node("Sum", &[pair[0].as_str(); 100], &[&pair[1]], &[]));
    }
    nodes.push(node("Gemm", &["d", "w9"], &["y"], &[]));
    let constants = [list("row", &[1, 4]), constant("w0", FLOAT, &[4, 1], &[0; 16])];
    assert!(read(&model(&[2, 2], &constants, &nodes)).is_ok());
}

#[test]
fn names_and_messages_do_not_grow_with_the_file() {
    let names: Vec<String> = (0..2000).map(|at| at.to_string()).collect();
    let mut nodes = vec![node("Relu", &["x"], &["0"], &[])];
    for (at, pair) in names.windows(2).enumerate() {
        let shape = if at % 2 == 0 { "row" } else { "square" };
        nodes.push(node("Reshape", &[&pair[0], shape], &[&pair[1]], &[]));
    }
    nodes.push(node("Relu", &["1999"], &["y"], &[]));
    let constants = [list("row", &[4]), list("square", &[2, 2])];
    let graph = read(&model(&[2, 2], &constants, &nodes)).unwrap();
    assert!(graph.tensors.iter().all(|tensor| tensor.name.len() < 100));

    let many = list("many", &vec![-5; 100_000]);
    let error = refused(&model(&[2, 2], &[many], &[node("Reshape", &["x", "many"], &["y"], &[])]));
    assert!(error.len() < 10_000, "{error}");
}

#[test]
fn operands_of_a_node_are_no_copies() {
    // What a part of such a node took was as long as the file.
    let long = "y".repeat(100_000);
    let empty = vec![""; 30_000];
    let concat = node("QLinearConcat", &empty, &[&long], &[]);
    assert!(refused(&model(&[1], &[], &[concat])).contains("is missing"));
    let mut parts = empty.clone();
    parts[0] = &long;
    let nodes = [node("Split", &["x"], &parts, &[]), node("Relu", &[&long], &["y"], &[])];
    assert!(read(&model(&[30_000], &[], &nodes)).is_ok());
    let nodes = [node("Sum", &["x"; 30_000], &[&long], &[]), node("Relu", &[&long], &["y"], &[])];
    assert!(read(&model(&[1], &[], &nodes)).is_ok());
    let large = constant("c", FLOAT, &[1 << 14], &[0; 4 << 14]);
    for op in ["Sum", "Concat"] {
        let mut operands = vec!["c"; 30_000];
        operands[0] = "x";
        let error = refused(&model(
            &[1 << 14],
            std::slice::from_ref(&large),
            &[node(op, &operands, &["y"], &[int("axis", 0)])],
        ));
        assert!(error.contains(TOO_LARGE), "{op}: {error}");
    }
}

#[test]
fn outputs_that_depend_on_no_input_are_refused() {
    let constants = [constant("c", FLOAT, &[2], &[0; 8])];
    let error = refused(&model(&[1], &constants, &[node("Softmax", &["c"], &["y"], &[])]));
    assert!(error.contains("it is a constant"), "{error}");
}

#[test]
fn a_constant_that_makes_a_result_larger_is_no_bias() {
    let constants = [
        constant("w", FLOAT, &[2, 1], &[0; 8]),
        list("one", &[1]),
        constant("c", FLOAT, &[1, 3, 1], &[0; 12]),
    ];
    let nodes = [
        node("Gemm", &["x", "w"], &["z"], &[]),
        node("Unsqueeze", &["z", "one"], &["u"], &[]),
        node("Add", &["u", "c"], &["y"], &[]),
    ];
    let graph = read(&model(&[1, 2], &constants, &nodes)).unwrap();
    assert_eq!(graph.tensor(graph.outputs[0]).shape, [1, 3, 1]);
}
