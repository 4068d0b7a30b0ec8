//! The weights that techniques work on: filters of convolutions and of FULLY_CONNECTED.

use smidgen_ir::{Graph, Node, Op, TensorIdx};

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
    each(graph, |op| matches!(op, Op::Conv2d(_) | Op::FullyConnected(_)))
}

/// The float32 filters of DEPTHWISE_CONV_2D, each once. They have few weights, which all matter.
pub(crate) fn depthwise_filters(graph: &Graph) -> Vec<Filter> {
    each(graph, |op| matches!(op, Op::DepthwiseConv2d(_)))
}

/// The filters of some operators, each once.
fn each(graph: &Graph, is_meant: impl Fn(&Op) -> bool) -> Vec<Filter> {
    let mut found: Vec<Filter> = Vec::new();
    for filter in graph.nodes.iter().filter(|node| is_meant(&node.op)).filter_map(|node| of(graph, node)) {
        if !found.iter().any(|known| known.tensor == filter.tensor) {
            found.push(filter);
        }
    }
    found
}

/// The float32 filter of an operator that has one.
pub(crate) fn of(graph: &Graph, node: &Node) -> Option<Filter> {
    let (per_channel, are_channels_last) = match node.op {
        Op::Conv2d(_) => (true, false),
        Op::DepthwiseConv2d(_) => (true, true),
        Op::FullyConnected(_) => (false, false),
        _ => return None,
    };
    let &Some(tensor) = node.inputs.get(1)? else { return None };
    let weights = graph.tensor(tensor);
    weights.f32s()?;
    let extent = if are_channels_last { weights.shape.last() } else { weights.shape.first() };
    let n_channels = extent.copied().unwrap_or(1).max(1);
    let row = weights.n_elements() / n_channels;
    Some(Filter { tensor, n_channels, row, per_channel, are_channels_last })
}

/// Replaces the values of a constant.
pub(crate) fn set(graph: &mut Graph, tensor: TensorIdx, values: &[f32]) {
    graph.tensor_mut(tensor).data = Some(values.iter().flat_map(|value| value.to_le_bytes()).collect());
}
