//! Moves RELU, RELU6 and RELU_N1_TO_1 into the operator before them.
//!
//! A quantised activation moves only where it does not rescale: scale and zero point of its input and output are equal,
//! so that the kernel before it clamps to the same integers.

use super::{dead_code, readers};
use crate::error::IrError;
use crate::graph::{Graph, TensorIdx};
use crate::ops::{Activation, Op};

/// The graph with every RELU, RELU6 and RELU_N1_TO_1 fused that is the only reader of an operator without activation.
///
/// # Errors
/// [`IrError::Invalid`] for a graph that the verifier refuses.
pub fn fuse_activation(graph: &Graph) -> Result<Graph, IrError> {
    graph.verify().map_err(IrError::Invalid)?;
    let mut fused = graph.clone();
    let readers = readers(graph);
    let mut writer: Vec<Option<usize>> = vec![None; graph.tensors.len()];
    for at in 0..fused.nodes.len() {
        let node = &fused.nodes[at];
        let (Some(input), Some(output)) =
            (node.inputs.first().copied().flatten(), node.outputs.first().copied())
        else {
            continue;
        };
        for output in &node.outputs {
            writer[output.idx()] = Some(at);
        }
        let Some(activation) = fusable(&node.op) else { continue };
        let Some(producer) = writer[input.idx()].filter(|_| readers[input.idx()] == 1) else { continue };
        if !same_steps(graph, input, output) {
            continue;
        }
        let producer_op = &mut fused.nodes[producer].op;
        if let Some(slot) = producer_op.activation_mut().filter(|slot| **slot == Activation::None) {
            *slot = activation;
            fused.nodes[producer].outputs = vec![output];
            writer[output.idx()] = Some(producer);
            // The activation has no result any more; it is removed below.
            fused.nodes[at].outputs.clear();
        }
    }
    let fused_away = |node: &crate::graph::Node| node.outputs.is_empty() && fusable(&node.op).is_some();
    fused.nodes.retain(|node| !fused_away(node));
    dead_code(&fused)
}

/// The activation that an operator is, where others can have it fused.
fn fusable(op: &Op) -> Option<Activation> {
    match op {
        Op::Relu(_) => Some(Activation::Relu),
        Op::Relu6(_) => Some(Activation::Relu6),
        Op::ReluN1To1(_) => Some(Activation::ReluN1To1),
        _ => None,
    }
}

/// Whether two tensors mean the same by the same bytes.
fn same_steps(graph: &Graph, a: TensorIdx, b: TensorIdx) -> bool {
    let steps = |idx| {
        let quant = graph.tensor(idx).quant.as_ref();
        quant.map(|quant| (&quant.scales, &quant.zero_points))
    };
    steps(a) == steps(b)
}
