//! The weights that techniques work on: filters of convolutions and of FULLY_CONNECTED, by output channel.

use smidgen_ir::{Graph, Op, TensorIdx};

/// A filter whose output channels lie one after the other: `[n_channels, row]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Filter {
    /// The constant.
    pub(crate) tensor: TensorIdx,
    /// Output channels.
    pub(crate) n_channels: usize,
    /// Weights of one of them, in the order of the taps and then the input's channels.
    pub(crate) row: usize,
    /// Whether its int8 form has a scale for each channel.
    pub(crate) per_channel: bool,
}

/// The float32 filters of CONV_2D and FULLY_CONNECTED, each once. DEPTHWISE_CONV_2D has few weights, which all matter.
pub(crate) fn filters(graph: &Graph) -> Vec<Filter> {
    let mut found: Vec<Filter> = Vec::new();
    for node in &graph.nodes {
        let per_channel = match node.op {
            Op::Conv2d(_) => true,
            Op::FullyConnected(_) => false,
            _ => continue,
        };
        let Some(&Some(tensor)) = node.inputs.get(1) else { continue };
        let weights = graph.tensor(tensor);
        if weights.f32s().is_none() || found.iter().any(|filter| filter.tensor == tensor) {
            continue;
        }
        let n_channels = weights.shape.first().copied().unwrap_or(1).max(1);
        found.push(Filter { tensor, n_channels, row: weights.n_elements() / n_channels, per_channel });
    }
    found
}

/// Replaces the values of a constant.
pub(crate) fn set(graph: &mut Graph, tensor: TensorIdx, values: &[f32]) {
    graph.tensor_mut(tensor).data = Some(values.iter().flat_map(|value| value.to_le_bytes()).collect());
}
