//! Quantisation-aware training: a float graph is trained with the arithmetic of its int8 form, so that the weights find
//! values that survive rounding (Jacob et al., *Quantization and Training of Neural Networks for Efficient
//! Integer-Arithmetic-Only Inference*, 2018, section 3).
//!
//! Batch normalisations are folded with the statistics that training left, and stay so. Every tensor that
//! [`crate::post_training_quantization`] gives a scale is put on its steps while training: weights by channel, activations
//! by ranges that follow what they take on; gradients pass the rounding as if it were not there. The graph is then
//! quantised with the very ranges and scales that it was trained with. Weights of fewer bits learn their scales (Esser
//! et al., *Learned Step Size Quantization*, 2020).

use serde::{Deserialize, Serialize};
use smidgen_ir::{Graph, IrError, Node, NodeIdx, Op, OutputQuant, Range, TensorIdx};
use smidgen_train::{FakeQuantization, FakeSteps, FakeWeights, initial_scale};
use std::collections::BTreeMap;

use crate::post_training_quantization::{self as ptq, layout, prepared};
use crate::{CompressError, Context};

/// Options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The int8 form, and how its ranges are found to begin with.
    pub quantization: ptq::Config,
    /// Whether the scales of weights are learnt; they follow the greatest magnitude otherwise. Weights of less than 8 bits
    /// learn theirs when absent.
    pub learned_scales: Option<bool>,
    /// Share of its old value that the range of an activation keeps in a training step.
    pub momentum: f32,
}

impl Default for Config {
    fn default() -> Self {
        Config { quantization: ptq::Config::default(), learned_scales: None, momentum: 0.99 }
    }
}

impl Config {
    /// Checks that the options make sense.
    ///
    /// # Errors
    /// [`CompressError::Options`] with what was found and expected.
    pub fn check(&self) -> Result<(), CompressError> {
        ptq::check_options(&self.quantization)?;
        if self.quantization.adaptive_rounding || self.quantization.bias_correction {
            let message = "quantisation-aware training finds the weights itself; leave adaptive_rounding and \
                           bias_correction out";
            return Err(CompressError::Options(message.into()));
        }
        if self.quantization.activation_bits != 8 {
            let message =
                "activations of 16 bits lose nothing that training could bring back; quantise without it";
            return Err(CompressError::Options(message.into()));
        }
        if !(0.0..1.0).contains(&self.momentum) {
            let message = format!("momentum {}, expected 0 to below 1", self.momentum);
            return Err(CompressError::Options(message));
        }
        Ok(())
    }
}

/// A graph that is ready to be trained with the arithmetic of its int8 form.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The graph: batch normalisations folded, activations fused.
    pub graph: Graph,
    /// What the trainer is to compute with it.
    pub fake: FakeQuantization,
    config: Config,
}

impl Prepared {
    /// Prepares a float graph; the ranges of activations begin with what calibration sees.
    ///
    /// # Errors
    /// As [`ptq::apply`]; [`CompressError::Options`] on a momentum out of range.
    pub fn new(graph: &Graph, config: &Config, context: &Context<'_>) -> Result<Self, CompressError> {
        let quantization = &config.quantization;
        config.check()?;
        graph.verify().map_err(IrError::Invalid)?;
        ptq::check_float(graph)?;
        let graph = prepared(graph)?;
        ptq::check_folded(&graph)?;
        check_recurrent(&graph)?;
        let seen = ptq::ranges(&graph, quantization.calibration, context.calibration)?;
        let (activations, ranges) = activations(&graph, &seen);
        let fake = FakeQuantization {
            weights: weights(&graph, &activations, config),
            activations,
            ranges,
            momentum: config.momentum,
        };
        Ok(Prepared { graph, fake, config: config.clone() })
    }

    /// The int8 form of the trained graph: `trained` has the structure of [`Prepared::graph`], `ranges` and `scales` are the
    /// trainer's.
    ///
    /// # Errors
    /// As [`ptq::apply`].
    pub fn quantized(
        &self,
        trained: &Graph,
        ranges: &[(f32, f32)],
        scales: &[Vec<f32>],
        log: &mut Vec<String>,
    ) -> Result<Graph, CompressError> {
        let mut by_tensor: Vec<Option<Range>> = vec![None; trained.tensors.len()];
        for &(tensor, steps) in &self.fake.activations {
            if let FakeSteps::Range(at) = steps
                && let (Some(slot), Some(&(min, max))) = (by_tensor.get_mut(tensor), ranges.get(at))
            {
                *slot = Some(Range { min, max });
            }
        }
        let learned = self.fake.weights.iter().zip(scales).filter(|(_, scales)| !scales.is_empty());
        let scales: BTreeMap<usize, Vec<f32>> =
            learned.map(|(weights, scales)| (weights.tensor, scales.clone())).collect();
        ptq::of_trained(trained, &by_tensor, &scales, &self.config.quantization, log)
    }
}

/// Recurrent layers keep states of more bits and multiply by weights at every step: fake quantisation does not know that arithmetic.
fn check_recurrent(graph: &Graph) -> Result<(), CompressError> {
    let is_recurrent =
        |node: &Node| matches!(node.op, Op::UnidirectionalSequenceLstm(_) | Op::Gru(_) | Op::Svdf(_));
    let Some(at) = graph.nodes.iter().position(is_recurrent) else { return Ok(()) };
    Err(CompressError::Place {
        place: graph.describe(NodeIdx(at as u32)),
        message: "quantization-aware training of recurrent layers is not supported; leave that stage out: what is trained in float32 \
                  is quantised at the end"
            .into(),
    })
}

/// The filters that become integers.
fn weights(graph: &Graph, activations: &[(usize, FakeSteps)], config: &Config) -> Vec<FakeWeights> {
    let quantization = &config.quantization;
    let mut weights: Vec<FakeWeights> = Vec::new();
    for node in &graph.nodes {
        let filter = node.inputs.get(1).copied().flatten();
        let (Some(layout), Some(filter)) = (layout(graph, node, quantization), filter) else { continue };
        if weights.iter().any(|known| known.tensor == filter.idx()) {
            continue;
        }
        let axis = layout.per_channel.then_some(layout.axis);
        let bits = layout.bits;
        let learned = match config.learned_scales.unwrap_or(bits < 8) {
            true => initial_scales(graph, filter, axis, bits),
            false => Vec::new(),
        };
        let operand = |at: usize| node.inputs.get(at).copied().flatten();
        let input = operand(0).and_then(|input| steps(graph, input, activations));
        let output = node.outputs.first().and_then(|&output| steps(graph, output, activations));
        let bias = operand(2).map(|bias| bias.idx());
        weights.push(FakeWeights { tensor: filter.idx(), axis, bits, input, output, bias, learned });
    }
    weights
}

/// The steps of an activation: its own, or those of what it was moved from.
fn steps(graph: &Graph, mut tensor: TensorIdx, activations: &[(usize, FakeSteps)]) -> Option<FakeSteps> {
    loop {
        if let Some((_, steps)) = activations.iter().find(|(at, _)| *at == tensor.idx()) {
            return Some(*steps);
        }
        let node = graph.nodes.get(graph.producer(tensor)?.idx()).filter(|node| is_mover(node))?;
        tensor = node.inputs.first().copied().flatten()?;
    }
}

fn initial_scales(graph: &Graph, filter: TensorIdx, axis: Option<usize>, bits: u32) -> Vec<f32> {
    let tensor = graph.tensor(filter);
    let values = tensor.f32s().unwrap_or_default();
    let Some(axis) = axis else { return vec![initial_scale(values.into_iter(), bits)] };
    let n_channels = tensor.shape.get(axis).copied().unwrap_or(1).max(1);
    let inner: usize = tensor.shape.iter().skip(axis + 1).product::<usize>().max(1);
    let of = |channel: usize| {
        let own = values.iter().enumerate().filter(move |(at, _)| (at / inner) % n_channels == channel);
        initial_scale(own.map(|(_, value)| *value), bits)
    };
    (0..n_channels).map(of).collect()
}

/// Least and greatest values.
type Ranges = Vec<(f32, f32)>;

/// The activations that become int8, each with the place of its range, and the ranges.
fn activations(graph: &Graph, seen: &[Option<Range>]) -> (Vec<(usize, FakeSteps)>, Ranges) {
    let mut ranges = Vec::new();
    let mut steps: BTreeMap<usize, FakeSteps> = BTreeMap::new();
    let mut own = |tensor: TensorIdx| {
        let range = seen.get(tensor.idx()).copied().flatten()?;
        ranges.push((range.min, range.max));
        Some(FakeSteps::Range(ranges.len() - 1))
    };
    for &input in &graph.inputs {
        steps.extend(own(input).map(|own| (input.idx(), own)));
    }
    for node in &graph.nodes {
        let inputs: Vec<FakeSteps> =
            node.inputs.iter().flatten().filter_map(|input| steps.get(&input.idx()).copied()).collect();
        for &output in &node.outputs {
            let is_end = graph.outputs.contains(&output);
            let found = match (node.op.output_quant(), inputs.as_slice()) {
                (OutputQuant::NotQuantized, _) => None,
                // The loss takes what feeds a SOFTMAX or LOGISTIC at the end.
                (OutputQuant::Fixed(_), _) if is_end => None,
                (OutputQuant::Fixed(quant), _) => {
                    quant.scales.first().zip(quant.zero_points.first()).map(|(&s, &z)| FakeSteps::Fixed(s, z))
                }
                (OutputQuant::SameAsInput, [one]) => Some(*one),
                (OutputQuant::SameAsInput | OutputQuant::Calibrated, _) => own(output),
            };
            steps.extend(found.map(|found| (output.idx(), found)));
        }
    }
    // What only moves values leaves them on the steps of its input.
    let moved: Vec<usize> = graph.nodes.iter().filter(|node| is_mover(node)).flat_map(outputs).collect();
    (steps.into_iter().filter(|(tensor, _)| !moved.contains(tensor)).collect(), ranges)
}

fn outputs(node: &Node) -> impl Iterator<Item = usize> {
    node.outputs.iter().map(|output| output.idx())
}

fn is_mover(node: &Node) -> bool {
    matches!(node.op, Op::Reshape(_) | Op::MaxPool2d(_) | Op::Pad(_) | Op::Transpose(_) | Op::Squeeze(_))
}

#[cfg(test)]
mod tests;
