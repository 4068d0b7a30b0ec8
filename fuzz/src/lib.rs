//! What the fuzz targets share: running a graph within a budget.

pub mod onnx;

use smidgen_ir::{Graph, Interpreter};

/// Elements of all tensors together above which a graph is valid but too slow to fuzz with.
const MAX_ELEMENTS: usize = 1 << 13;

/// Multiply-accumulates above which a graph is valid but too slow to fuzz with.
const MAX_MACS: u64 = 1 << 19;

/// Whether one inference takes well under a second.
fn is_small(graph: &Graph) -> bool {
    let elements = graph.tensors.iter().try_fold(0usize, |sum, tensor| {
        let elements =
            tensor.shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent))?;
        sum.checked_add(elements)
    });
    let nodes = (0u32..).zip(&graph.nodes).map(|(at, _)| smidgen_ir::NodeIdx(at));
    elements.is_some_and(|elements| elements <= MAX_ELEMENTS)
        && nodes.fold(0u64, |sum, node| sum.saturating_add(smidgen_ir::ops::macs(graph, node))) <= MAX_MACS
}

/// Lowers a graph that the verifier let through and runs it on zeros and on bytes of `seed`, twice each: neither may
/// panic, and the same inputs give the same outputs after a reset.
pub fn run(graph: &Graph, seed: &[u8]) {
    if graph.verify().is_err() || !is_small(graph) {
        return;
    }
    let Ok(mut interpreter) = Interpreter::new(graph) else { return };
    let zeros = vec![0; graph.input_bytes()];
    let mut state = seed.iter().fold(1u32, |state, &byte| state.wrapping_mul(31).wrapping_add(byte.into()));
    let noise: Vec<u8> = (0..graph.input_bytes())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    for inputs in [zeros, noise] {
        let outputs = interpreter.run(&inputs).expect("a graph that was lowered runs");
        assert_eq!(outputs.len(), graph.output_bytes());
        interpreter.run(&inputs).expect("and runs again");
    }
}
