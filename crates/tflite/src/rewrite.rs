//! Small changes to a graph that has just been read: tensors replaced, dropped and renumbered.

use smidgen_ir::{Graph, TensorIdx};

/// Calls `change` on every place where `graph` names a tensor.
pub(crate) fn for_each_index(graph: &mut Graph, mut change: impl FnMut(&mut TensorIdx)) {
    for node in &mut graph.nodes {
        node.inputs.iter_mut().flatten().for_each(&mut change);
        node.outputs.iter_mut().for_each(&mut change);
    }
    graph.inputs.iter_mut().for_each(&mut change);
    graph.outputs.iter_mut().for_each(&mut change);
}

/// Drops the tensors that nothing names.
pub(crate) fn drop_unused_tensors(graph: &mut Graph) {
    let mut places = vec![None; graph.tensors.len()];
    for_each_index(graph, |idx| {
        if let Some(place) = places.get_mut(idx.idx()) {
            *place = Some(TensorIdx(0));
        }
    });
    for (kept, place) in (0..).zip(places.iter_mut().flatten()) {
        *place = TensorIdx(kept);
    }
    let mut at = 0;
    graph.tensors.retain(|_| {
        at += 1;
        places.get(at - 1).copied().flatten().is_some()
    });
    for_each_index(graph, |idx| {
        // An index that leads nowhere still does; the verifier says so.
        *idx = places.get(idx.idx()).copied().flatten().unwrap_or(TensorIdx(u32::MAX));
    });
}
