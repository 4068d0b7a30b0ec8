//! Removes nodes whose results nobody reads, and tensors that no node, input or output names.

use crate::error::IrError;
use crate::graph::{Graph, TensorIdx};

/// The graph without nodes that contribute to no output, and without unused tensors. Indices change; order stays, and
/// so do all inputs.
///
/// # Errors
/// [`IrError::Invalid`] for a graph that the verifier refuses.
pub fn dead_code(graph: &Graph) -> Result<Graph, IrError> {
    graph.verify().map_err(IrError::Invalid)?;
    let mut needed = vec![false; graph.tensors.len()];
    graph.outputs.iter().for_each(|idx| needed[idx.idx()] = true);
    let mut nodes = Vec::with_capacity(graph.nodes.len());
    for node in graph.nodes.iter().rev() {
        // What changes a variable contributes to later inferences.
        let changes_state = !node.op.states().is_empty();
        if changes_state || node.outputs.iter().any(|output| needed[output.idx()]) {
            let named = node.inputs.iter().flatten().chain(&node.outputs);
            named.for_each(|idx| needed[idx.idx()] = true);
            nodes.push(node.clone());
        }
    }
    nodes.reverse();
    graph.inputs.iter().for_each(|idx| needed[idx.idx()] = true);
    let mut renamed = vec![TensorIdx(0); graph.tensors.len()];
    let mut kept = Vec::new();
    for ((tensor, needed), to) in graph.tensors.iter().zip(needed).zip(&mut renamed) {
        if needed {
            *to = TensorIdx(kept.len() as u32);
            kept.push(tensor.clone());
        }
    }
    let rename = |idx: &mut TensorIdx| *idx = renamed[idx.idx()];
    for node in &mut nodes {
        node.inputs.iter_mut().flatten().for_each(rename);
        node.outputs.iter_mut().for_each(rename);
    }
    let mut rest = Graph { tensors: kept, nodes, ..graph.clone() };
    rest.inputs.iter_mut().for_each(rename);
    rest.outputs.iter_mut().for_each(rename);
    Ok(rest)
}
