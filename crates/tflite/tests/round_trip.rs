//! Random graphs of more than sixty operators, float32 and int8: writing and reading gives the same graph, and the same bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use smidgen_ir::{Graph, Op};
use smidgen_testkit::graph;
use smidgen_tflite::{read_with_warnings, write};

/// `read` without the zeros that the writer gives to each CONV_2D that has no bias in `graph`.
fn without_added_biases(mut read: Graph, graph: &Graph) -> Graph {
    for (node, original) in read.nodes.iter_mut().zip(&graph.nodes) {
        if matches!(node.op, Op::Conv2d(_)) && original.inputs.len() == 2 {
            let bias = node.inputs.pop().flatten().expect("an added bias");
            let data = read.tensors[bias.idx()].data.as_ref().expect("a constant");
            assert!(bias.idx() >= graph.tensors.len() && data.iter().all(|&byte| byte == 0));
        }
    }
    read.tensors.truncate(graph.tensors.len());
    read
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn reading_what_was_written_gives_the_graph_back(seed in any::<u64>()) {
        let graph = graph(seed);
        let bytes = write(&graph).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let (read, warnings) = read_with_warnings(&bytes).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        prop_assert_eq!(warnings, Vec::<String>::new());
        let again = write(&read).unwrap();
        prop_assert!(again == bytes || read.tensors.len() > graph.tensors.len(), "other bytes for the same graph");
        prop_assert_eq!(&read_with_warnings(&again).unwrap().0, &read);
        prop_assert_eq!(without_added_biases(read, &graph), graph);
    }
}

#[test]
fn the_random_graphs_have_every_operator_of_the_strategy() {
    let graphs: Vec<Graph> = (0..1000).map(graph).collect();
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (graph, node) in graphs.iter().flat_map(|graph| graph.nodes.iter().map(move |node| (graph, node))) {
        assert!(!matches!(node.op, Op::BatchNormalization(_)));
        seen.push((node.op.name(), graph.tensor(node.outputs[0]).dtype.name()));
    }
    seen.sort_unstable();
    seen.dedup();
    // Fifty-four operators in float32 and int8; NEG, FLOOR, ROUND, SIN, COS, DEQUANTIZE in float32, EXP and QUANTIZE in int8,
    // GREATER, and ARG_MAX with two types of indices.
    assert_eq!(seen.len(), 119, "{seen:?}");
}
