//! The weights that techniques work on: filters of convolutions and of FULLY_CONNECTED.

use smidgen_ir::{Graph, Op, TensorIdx};

/// A filter whose output channels lie one after the other, `[n_channels, row]`, or side by side, `[row, n_channels]`.
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
    /// Whether channels lie side by side.
    pub(crate) are_channels_last: bool,
}

impl Filter {
    /// Scales of its int8 form.
    pub(crate) fn n_scales(&self) -> usize {
        if self.per_channel { self.n_channels } else { 1 }
    }

    /// Which of the scales the weight at `at` has.
    pub(crate) fn scale_of(&self, at: usize) -> usize {
        match (self.per_channel, self.are_channels_last) {
            (false, _) => 0,
            (true, false) => at / self.row.max(1),
            (true, true) => at % self.n_channels.max(1),
        }
    }
}

/// The float32 filters of CONV_2D and FULLY_CONNECTED, each once.
pub(crate) fn filters(graph: &Graph) -> Vec<Filter> {
    of(graph, |op| match op {
        Op::Conv2d(_) => Some((true, false)),
        Op::FullyConnected(_) => Some((false, false)),
        _ => None,
    })
}

/// The float32 filters of DEPTHWISE_CONV_2D, each once. They have few weights, which all matter.
pub(crate) fn depthwise_filters(graph: &Graph) -> Vec<Filter> {
    of(graph, |op| matches!(op, Op::DepthwiseConv2d(_)).then_some((true, true)))
}

/// The filters of the operators that `layout` knows: whether they have a scale for each channel, and whether channels are last.
fn of(graph: &Graph, layout: impl Fn(&Op) -> Option<(bool, bool)>) -> Vec<Filter> {
    let mut found: Vec<Filter> = Vec::new();
    for node in &graph.nodes {
        let Some((per_channel, are_channels_last)) = layout(&node.op) else { continue };
        let Some(&Some(tensor)) = node.inputs.get(1) else { continue };
        let weights = graph.tensor(tensor);
        if weights.f32s().is_none() || found.iter().any(|filter| filter.tensor == tensor) {
            continue;
        }
        let extent = if are_channels_last { weights.shape.last() } else { weights.shape.first() };
        let n_channels = extent.copied().unwrap_or(1).max(1);
        let row = weights.n_elements() / n_channels;
        found.push(Filter { tensor, n_channels, row, per_channel, are_channels_last });
    }
    found
}

/// Replaces the values of a constant.
pub(crate) fn set(graph: &mut Graph, tensor: TensorIdx, values: &[f32]) {
    graph.tensor_mut(tensor).data = Some(values.iter().flat_map(|value| value.to_le_bytes()).collect());
}
