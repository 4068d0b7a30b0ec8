//! How much a channel matters.

use serde::{Deserialize, Serialize};
use smidgen_ir::{Graph, Node, TensorIdx};
use std::collections::BTreeMap;

use crate::post_training_quantization::observe;
use crate::{CompressError, Context};
use smidgen_ir::channels::{Class, Group, filter_axis, makers};

/// What the importance of a channel is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    /// Sum of the magnitudes of the weights that make it (Li et al., *Pruning Filters for Efficient ConvNets*, 2017).
    L1,
    /// Root of the sum of their squares.
    #[default]
    L2,
    /// Mean magnitude of its values over the calibration data.
    Activation,
    /// Magnitude of the sum of its weights times their gradients: what the loss changes by, to first order (Molchanov et al.,
    /// *Importance Estimation for Neural Network Pruning*, 2019).
    Taylor,
    /// Magnitude of the scale of its batch normalisation (Liu et al., *Learning Efficient Convolutional Networks through Network
    /// Slimming*, 2017).
    BatchNormalization,
}

/// The importance of every class of every group, with a mean of 1 over a group, so that groups can be compared.
///
/// # Errors
/// Calibration data or gradients that are missing or do not fit.
pub(super) fn of(
    graph: &Graph,
    groups: &[Group],
    importance: Importance,
    context: &Context<'_>,
) -> Result<Vec<Vec<f64>>, CompressError> {
    let by_tensor = match importance {
        Importance::Activation => activations(graph, context.calibration)?,
        Importance::BatchNormalization => norm_scales(graph, groups)?,
        _ => weights(graph, importance, context)?,
    };
    let of_class = |class: &Class| -> f64 {
        let own = class.iter().filter_map(|(tensor, channel)| by_tensor.get(tensor)?.get(*channel));
        own.sum()
    };
    let of_group = |group: &Group| {
        let mut values: Vec<f64> = group.classes.iter().map(of_class).collect();
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        if mean > 0.0 {
            values.iter_mut().for_each(|value| *value /= mean);
        }
        values
    };
    Ok(groups.iter().map(of_group).collect())
}

type ByTensor = BTreeMap<usize, Vec<f64>>;

/// From the filter that makes each channel.
fn weights(graph: &Graph, importance: Importance, context: &Context<'_>) -> Result<ByTensor, CompressError> {
    let mut by_tensor = ByTensor::new();
    for node in &graph.nodes {
        let (Some(axis), Some(&Some(filter)), Some(&output)) =
            (filter_axis(&node.op), node.inputs.get(1), node.outputs.first())
        else {
            continue;
        };
        let tensor = graph.tensor(filter);
        let Some(values) = tensor.f32s() else { continue };
        let gradients = match importance {
            Importance::Taylor => Some(gradients(context, filter, values.len())?),
            _ => None,
        };
        let n = tensor.shape.get(axis).copied().unwrap_or(1).max(1);
        let inner: usize = tensor.shape.iter().skip(axis + 1).product::<usize>().max(1);
        let mut sums = vec![0.0f64; n];
        for (at, &value) in values.iter().enumerate() {
            let value = f64::from(value);
            sums[at / inner % n] += match importance {
                Importance::L2 => value * value,
                Importance::Taylor => value * gradients.map_or(0.0, |gradients| f64::from(gradients[at])),
                _ => value.abs(),
            };
        }
        let finish = |sum: f64| if importance == Importance::L2 { sum.sqrt() } else { sum.abs() };
        by_tensor.insert(output.idx(), sums.into_iter().map(finish).collect());
    }
    Ok(by_tensor)
}

/// From what batch normalisations scaled channels by before they were folded. Channels without one count nothing beside the channels
/// of other layers that go with them; a group needs one layer that has one.
fn norm_scales(graph: &Graph, groups: &[Group]) -> Result<ByTensor, CompressError> {
    let scales = graph.meta.norm_scales();
    let of_node = |node: &Node| -> Option<(usize, Vec<f64>)> {
        let axis = filter_axis(&node.op)?;
        let filter = graph.tensor(node.inputs.get(1).copied().flatten()?);
        let scales =
            scales.get(&filter.name).filter(|scales| filter.shape.get(axis) == Some(&scales.len()))?;
        Some((node.outputs.first()?.idx(), scales.iter().map(|scale| f64::from(scale.abs())).collect()))
    };
    let by_tensor: ByTensor = graph.nodes.iter().filter_map(of_node).collect();
    let is_known =
        |group: &&Group| group.classes.iter().flatten().any(|(tensor, _)| by_tensor.contains_key(tensor));
    let Some(group) = groups.iter().find(|group| !is_known(group)) else { return Ok(by_tensor) };
    let made = makers(graph);
    let tensor =
        group.classes.iter().flatten().map(|(tensor, _)| *tensor).find(|tensor| made.contains(tensor));
    let name = tensor.and_then(|tensor| graph.tensors.get(tensor)).map_or("", |tensor| &tensor.name);
    Err(CompressError::Data(format!(
        "importance batch_normalization: nothing is known of a batch normalisation of what makes \"{name}\"; models that \
         smidgen trains or reads from ONNX bring their scales along, files of other tools do not: use l2 or taylor"
    )))
}

fn gradients<'c>(context: &'c Context<'_>, filter: TensorIdx, n: usize) -> Result<&'c [f32], CompressError> {
    let found = context.gradients.get(&filter.idx()).filter(|gradients| gradients.len() == n);
    found.map(Vec::as_slice).ok_or_else(|| {
        let message = "importance taylor needs the gradients of the weights, which are those of a project's \
                       training data";
        CompressError::Data(message.into())
    })
}

fn activations(graph: &Graph, calibration: &[Vec<f32>]) -> Result<ByTensor, CompressError> {
    let makers = makers(graph);
    let mut by_tensor = ByTensor::new();
    observe(graph, calibration, &mut |tensor, values| {
        if makers.contains(&tensor.idx()) {
            let n = graph.tensor(tensor).shape.last().copied().unwrap_or(1).max(1);
            let sums = by_tensor.entry(tensor.idx()).or_insert_with(|| vec![0.0; n]);
            let pixels = (values.len() / n).max(1) as f64;
            for (at, value) in values.iter().enumerate() {
                sums[at % n] += f64::from(value.abs()) / pixels;
            }
        }
        Ok(())
    })?;
    if by_tensor.is_empty() {
        let message = "importance activation needs calibration data";
        return Err(CompressError::Data(message.into()));
    }
    Ok(by_tensor)
}
