//! Weight clustering: the weights of a layer take on few values, so that a device stores short indices and a codebook (Han,
//! Mao and Dally, *Deep Compression*, 2016, section 3).
//!
//! Values are shared as int8 will have them: a weight is its channel's scale times one of the layer's centroids, which lie in
//! -127 to 127. The outermost centroids stay at the ends, so that quantisation finds the very scales that clustering saw,
//! and all channels of a layer have one codebook. Zeros that pruning made stay zeros. While the network is fine-tuned, the
//! centroids and the channels' scales are what moves. With [`Config::per_channel`] each channel of a CONV_2D has values of its own.

mod clusters;
mod k_means;

use serde::{Deserialize, Serialize};
use smidgen_ir::{DType, Graph, IrError, Node, Op, TensorIdx};
use smidgen_train::Constraint;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::filters::{self, Filter, depthwise_filters, filters, set};
use crate::post_training_quantization::{check_float, prepared};
use crate::{CompressError, Context, Held, cross_layer_equalization};
use clusters::{found, is_of_one_scale};
use k_means::cluster;

/// Where k-means begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Evenly from the least to the greatest value, which serves the rare large weights.
    #[default]
    Linear,
    /// As many weights between one centroid and the next.
    Density,
    /// Far from each other, drawn at random (Arthur and Vassilvitskii, *k-means++*, 2007).
    KMeansPlusPlus,
}

/// Options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Values of the weights of a layer, or of a channel: 2 to 256.
    pub clusters: usize,
    /// Where k-means begins.
    pub start: Start,
    /// Seed of what is drawn at random.
    pub seed: u64,
    /// Whether each channel of a CONV_2D has values of its own, which are stored with it: nearer to what the weights were, and worth
    /// their bytes where channels have many weights.
    pub per_channel: bool,
    /// Whether the channels of a layer have one scale too, so that it needs one multiplier where it has a table of them: smaller, and
    /// further from what the weights of its smaller channels were. Channels are brought to one range first, see
    /// [`crate::cross_layer_equalization`].
    pub one_scale: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config { clusters: 16, start: Start::Linear, seed: 1, per_channel: false, one_scale: false }
    }
}

impl Config {
    /// Checks that the options make sense.
    ///
    /// # Errors
    /// [`CompressError::Options`] with what was found and expected.
    pub fn check(&self) -> Result<(), CompressError> {
        if self.per_channel && self.one_scale {
            let message =
                "weight_clustering: per_channel gives each channel a scale of its own; leave one_scale out";
            return Err(CompressError::Options(message.into()));
        }
        match self.clusters {
            2..=256 => Ok(()),
            n => Err(CompressError::Options(format!("weight_clustering: {n} clusters, expected 2 to 256"))),
        }
    }
}

/// The graph with clustered weights. The log of `context` says how far they moved.
///
/// # Errors
/// Options that make no sense, and a graph that is not float32 or has nothing to cluster.
pub fn apply(graph: &Graph, config: &Config, context: &mut Context<'_>) -> Result<Graph, CompressError> {
    config.check()?;
    graph.verify().map_err(IrError::Invalid)?;
    check_float(graph)?;
    let mut clustered = prepared(graph)?;
    if config.one_scale {
        clustered = cross_layer_equalization::apply(&clustered, &Default::default(), context)?;
    }
    let filters = clusterable(&clustered);
    if filters.is_empty() {
        let message = "weight_clustering: there is no CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED with constant weights";
        return Err(CompressError::Options(message.into()));
    }
    let (mut noise, mut signal) = (0.0, 0.0);
    for filter in filters {
        let mut values = clustered.tensor(filter.tensor).f32s().unwrap_or_default();
        let before = values.clone();
        cluster(&values, &filter, config).share(&mut values, |centroid| centroid);
        for (old, new) in before.iter().zip(&values) {
            noise += f64::from(old - new).powi(2);
            signal += f64::from(*old).powi(2);
        }
        set(&mut clustered, filter.tensor, &values);
    }
    context.log.push(format!(
        "weight_clustering: {} values a {}, {:.1} dB above the difference",
        config.clusters,
        if config.per_channel { "channel" } else { "layer" },
        10.0 * (signal / noise.max(f64::MIN_POSITIVE)).log10()
    ));
    Ok(clustered)
}

fn clusterable(graph: &Graph) -> Vec<Filter> {
    filters(graph).into_iter().chain(depthwise_filters(graph)).collect()
}

/// Whether the weights of an operator are clustered with one scale for all channels.
pub(crate) fn has_one_scale(graph: &Graph, node: &Node) -> bool {
    let filter = filters::of(graph, node).filter(|filter| filter.per_channel);
    let values = filter.and_then(|filter| graph.tensor(filter.tensor).f32s());
    filter.zip(values).is_some_and(|(filter, values)| is_of_one_scale(&values, &filter))
}

/// What holds the weights of a clustered graph together: weights of a layer that are the same number of steps.
pub fn held(graph: &Graph) -> Held {
    let constraint = |filter: Filter| {
        let values = graph.tensor(filter.tensor).f32s()?;
        let clusters = Arc::new(found(&values, &filter)?) as Arc<dyn Constraint>;
        Some((filter.tensor, clusters))
    };
    clusterable(graph).into_iter().filter_map(constraint).collect()
}

/// A clustered graph whose centroids are whole steps of int8: every channel of a layer has the same ones.
pub fn settled(graph: &Graph) -> Graph {
    let mut settled = graph.clone();
    for filter in clusterable(graph) {
        let mut values = graph.tensor(filter.tensor).f32s().unwrap_or_default();
        if let Some(clusters) = found(&values, &filter) {
            clusters.share(&mut values, f64::round);
            set(&mut settled, filter.tensor, &values);
        }
    }
    settled
}

/// The greatest number of values that the weights of a CONV_2D or FULLY_CONNECTED of an int8 graph have.
pub fn n_values(graph: &Graph) -> usize {
    let is_weighted = |op: &Op| matches!(op, Op::Conv2d(_) | Op::FullyConnected(_));
    let filters = graph
        .nodes
        .iter()
        .filter(|node| is_weighted(&node.op))
        .filter_map(|node| node.inputs.get(1).copied());
    let values = |filter: TensorIdx| {
        let tensor = graph.tensor(filter);
        match tensor.dtype {
            DType::I4 => {
                let nibbles =
                    tensor.data.iter().flat_map(|data| data.iter()).flat_map(|byte| [byte & 15, byte >> 4]);
                nibbles.collect::<BTreeSet<u8>>().len()
            }
            _ => tensor.i8s().unwrap_or_default().into_iter().collect::<BTreeSet<i8>>().len(),
        }
    };
    filters.flatten().map(values).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
