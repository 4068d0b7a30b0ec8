//! Several graphs side by side in one, so that one firmware runs them all.

use smidgen_ir::{Graph, TensorIdx};

/// One graph with the inputs, nodes and outputs of all of `graphs`, which have one dialect, in order. None of them sees
/// another.
pub fn union(graphs: &[Graph]) -> Graph {
    let dialect = graphs.first().map(|graph| graph.dialect).unwrap_or_default();
    let mut all = Graph { name: "union".into(), dialect, ..Graph::default() };
    for graph in graphs {
        let offset = all.tensors.len() as u32;
        let moved = |idx: TensorIdx| TensorIdx(idx.0 + offset);
        all.tensors.extend(graph.tensors.iter().cloned());
        all.inputs.extend(graph.inputs.iter().copied().map(moved));
        all.outputs.extend(graph.outputs.iter().copied().map(moved));
        all.nodes.extend(graph.nodes.iter().cloned().map(|mut node| {
            node.inputs.iter_mut().flatten().for_each(|idx| *idx = moved(*idx));
            node.outputs.iter_mut().for_each(|idx| *idx = moved(*idx));
            node
        }));
    }
    all
}
