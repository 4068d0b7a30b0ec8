//! Folds BATCH_NORMALIZATION into the weights of the layer before it.
//!
//! With `k = gamma / sqrt(variance + epsilon)`, `w' = k * w` and `bias' = k * (bias - mean) + beta` for each output
//! channel (Jacob et al., *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
//! Inference*, 2018, section 3.2).

use super::dead_code;
use crate::error::IrError;
use crate::graph::{Graph, NodeIdx, TensorIdx};
use crate::ops::{Activation, Op};
use crate::tensor::Tensor;

/// The graph with every BATCH_NORMALIZATION folded that is the only reader of a float CONV_2D, DEPTHWISE_CONV_2D or
/// FULLY_CONNECTED without activation. A layer without bias gets one. What cannot be folded stays. The scales of those that are
/// folded are kept beside the graph, see [`crate::Meta::norm_scales`].
///
/// # Errors
/// [`IrError::Invalid`] for a graph that the verifier refuses.
pub fn fold_batch_norm(graph: &Graph) -> Result<Graph, IrError> {
    graph.verify().map_err(IrError::Invalid)?;
    let mut folded = graph.clone();
    let mut scales = graph.meta.norm_scales();
    for at in 0..folded.nodes.len() {
        if let Some(fold) = find(&folded, at) {
            scales.insert(fold.filter.name.clone(), fold.scales.clone());
            fold.apply(&mut folded, at);
        }
    }
    folded.meta.set_norm_scales(&scales);
    folded.nodes.retain(|node| !node.outputs.is_empty());
    dead_code(&folded)
}

/// A batch normalisation that can be folded.
struct Fold {
    /// Position of the layer that takes it.
    layer: usize,
    /// The layer's filter after folding.
    filter: Tensor,
    /// The layer's bias after folding.
    bias: Tensor,
    /// The normalisation's gamma.
    scales: Vec<f32>,
    output: TensorIdx,
}

fn find(graph: &Graph, at: usize) -> Option<Fold> {
    let node = graph.nodes.get(at)?;
    let Op::BatchNormalization(normalization) = &node.op else { return None };
    let &[Some(input), Some(gamma), Some(beta), Some(mean), Some(variance)] = node.inputs.as_slice() else {
        return None;
    };
    let NodeIdx(layer) = graph.producer(input)?;
    let layer = layer as usize;
    if graph.consumers(input).len() != 1 || graph.outputs.contains(&input) {
        return None;
    }
    let layer_node = graph.nodes.get(layer)?;
    let channel_axis = match &layer_node.op {
        Op::Conv2d(conv) if conv.activation == Activation::None => 0,
        Op::DepthwiseConv2d(conv) if conv.activation == Activation::None => 3,
        Op::FullyConnected(connected) if connected.activation == Activation::None => 0,
        _ => return None,
    };
    let [gamma, beta, mean, variance] = [gamma, beta, mean, variance].map(|idx| graph.tensor(idx).f32s());
    let (gamma, beta, mean, variance) = (gamma?, beta?, mean?, variance?);
    let deviations = variance.iter().map(|variance| (variance + normalization.epsilon).sqrt());
    let factors: Vec<f32> =
        gamma.iter().zip(deviations).map(|(gamma, deviation)| gamma / deviation).collect();
    let filter = graph.tensor(layer_node.inputs.get(1).copied().flatten()?);
    let bias = layer_node.inputs.get(2).copied().flatten().map(|idx| graph.tensor(idx));
    let old_bias = match bias {
        Some(bias) => bias.f32s()?,
        None => vec![0.0; factors.len()],
    };
    let shifted = old_bias.iter().zip(&mean).zip(&beta).zip(&factors);
    let new_bias: Vec<f32> =
        shifted.map(|(((bias, mean), beta), factor)| (bias - mean) * factor + beta).collect();
    let bias_name = bias.map_or_else(|| format!("{}/bias", filter.name), |bias| bias.name.clone());
    Some(Fold {
        layer,
        filter: scaled(filter, channel_axis, &factors)?,
        bias: Tensor::const_f32(bias_name, vec![new_bias.len()], &new_bias),
        scales: gamma,
        output: *node.outputs.first()?,
    })
}

/// A filter with each channel along `axis` multiplied by its factor.
fn scaled(filter: &Tensor, axis: usize, factors: &[f32]) -> Option<Tensor> {
    let inner: usize = filter.shape.iter().skip(axis + 1).product();
    let values = filter.f32s()?;
    let factors = factors.iter().flat_map(|&factor| std::iter::repeat_n(factor, inner)).cycle();
    let values: Vec<f32> = values.iter().zip(factors).map(|(value, factor)| value * factor).collect();
    Some(Tensor::const_f32(filter.name.clone(), filter.shape.clone(), &values))
}

impl Fold {
    fn apply(self, graph: &mut Graph, normalization: usize) {
        let filter = graph.add_tensor(self.filter);
        let bias = graph.add_tensor(self.bias);
        let layer = &mut graph.nodes[self.layer];
        layer.inputs.truncate(1);
        layer.inputs.extend([Some(filter), Some(bias)]);
        layer.outputs = vec![self.output];
        // The normalisation has no result any more; it is removed afterwards.
        graph.nodes[normalization].outputs.clear();
    }
}
