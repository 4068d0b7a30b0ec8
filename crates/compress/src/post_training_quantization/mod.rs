//! Post-training quantisation: a float graph to int8, by watching what values its tensors take.
//!
//! With `real = scale * (q - zero_point)`, as the TFLite 8-bit quantisation specification defines it (and Jacob et al.,
//! *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*, 2018, derive):
//!
//! * activations: int8 in -128..=127, one scale and zero point each, from calibration; ranges hold 0;
//! * filters of CONV_2D and DEPTHWISE_CONV_2D: int8 in -127..=127, zero point 0, one scale for each output channel;
//! * weights of FULLY_CONNECTED: the same with one scale, which every reader of `.tflite` knows (option for more);
//! * biases: int32 with scale input * filter, zero point 0;
//! * UNIDIRECTIONAL_SEQUENCE_LSTM: weights as those of FULLY_CONNECTED, the hidden state as its output, the cell int16
//!   with a scale that is a power of two;
//! * SOFTMAX results: scale 1/256, zero point -128;
//! * operands of CONCATENATION: the scale and zero point of its result;
//! * RESHAPE, MAX_POOL_2D, AVERAGE_POOL_2D and PAD keep their input's scale and zero point, and so does RELU6, which
//!   TFLM computes without rescaling.
//!
//! With activations of 16 bits these are symmetric, biases int64, and UNIDIRECTIONAL_SEQUENCE_LSTM stays float32.
//!
//! GRU has no int8 form, here as in other runtimes: it stays float32 between DEQUANTIZE and QUANTIZE.
//!
//! Constants are computed, batch normalisations folded and activations fused first, so that only what the device computes is calibrated.

mod adaptive_rounding;
mod bias_correction;
mod borders;
mod calibrate;
mod joined;
mod precision;
mod recurrent;
mod rewrite;
mod search;
#[cfg(test)]
mod tensorflow;
mod weights;

use crate::{CompressError, Context};
use adaptive_rounding::Grams;
use bias_correction::Means;
pub(crate) use calibrate::{observe, ranges};
pub use precision::{Layers, Precision};
pub(crate) use precision::{handed_on, name};
use rewrite::Seen;
pub(crate) use rewrite::layout;
use serde::{Deserialize, Serialize};
use smidgen_ir::{DType, Graph, IrError, NodeIdx, Op, Range, TensorIdx, lower, passes};
use std::collections::BTreeMap;

/// How the range of an activation follows from the values that calibration saw.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Calibration {
    /// The least and the greatest value.
    #[default]
    MinMax,
    /// The interval that holds this percentage of the values, leaving out as many at either end.
    Percentile {
        /// Above 50, at most 100.
        percent: f64,
    },
    /// The interval whose int8 steps have the least mean squared error from the values.
    Mse,
    /// The interval whose int8 steps tell most of how the values are spread: the least Kullback-Leibler divergence.
    Entropy,
    /// Least and greatest value of each inference, averaged exponentially in the order of the data. Where a few inputs
    /// are much larger than most, as gestures are beside rest, it cuts them off.
    MovingAverage {
        /// Weight of the past, 0 to below 1.
        momentum: f64,
    },
}

/// Options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How ranges follow from values.
    pub calibration: Calibration,
    /// One scale for each output channel of CONV_2D and DEPTHWISE_CONV_2D.
    pub per_channel: bool,
    /// One scale for each output of FULLY_CONNECTED. Readers older than TensorFlow 2.16 do not know it.
    pub per_channel_fully_connected: bool,
    /// Whether biases take back what rounded weights shift the mean of a layer's results by.
    pub bias_correction: bool,
    /// Whether weights are rounded so that results are nearest to the float ones, not each to its nearest step; biases are
    /// corrected with them.
    pub adaptive_rounding: bool,
    /// Bits of the weights of CONV_2D and FULLY_CONNECTED: 8, or 2 to 4, of which a file holds two in a byte.
    pub weight_bits: u32,
    /// Bits of activations: 8, or 16 with zero point 0 and biases of 64 bits (TFLite's 16x8).
    pub activation_bits: u32,
    /// Layers of another precision than the rest, by the name of their result. Inputs and outputs stay as they are.
    #[serde(skip_serializing_if = "Layers::is_empty")]
    pub layers: Layers,
    /// Inputs and outputs stay float32, with QUANTIZE and DEQUANTIZE at the borders.
    pub float_io: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            calibration: Calibration::MinMax,
            per_channel: true,
            per_channel_fully_connected: false,
            bias_correction: false,
            adaptive_rounding: false,
            weight_bits: 8,
            activation_bits: 8,
            layers: Layers::new(),
            float_io: false,
        }
    }
}

/// The int8 graph. The log of `context` gets a table of the activations: range, scale and zero point.
///
/// # Errors
/// [`CompressError::Data`] without calibration data, or with data of a wrong length or not finite;
/// [`CompressError::Place`] on a graph that is not float32, on a batch normalisation that no layer before it can take,
/// on weights that are not constant or not finite, and on a layer whose results overflow;
/// [`CompressError::Options`] on a percentage or momentum out of range; [`CompressError::Graph`] when the graph is
/// not valid or scales are too far apart for the kernels.
pub fn apply(graph: &Graph, config: &Config, context: &mut Context<'_>) -> Result<Graph, CompressError> {
    let calibrated = Calibrated::new(graph, config, context)?;
    calibrated.quantized(&config.layers, &mut context.log)
}

/// A float graph with what calibration saw, to be quantised in several ways.
#[derive(Debug)]
pub(crate) struct Calibrated<'a> {
    /// The graph as it is quantised, see [`prepared`].
    pub(crate) graph: Graph,
    /// How it is quantised.
    pub(crate) config: &'a Config,
    ranges: Vec<Option<Range>>,
    means: Means,
    grams: Grams,
}

impl<'a> Calibrated<'a> {
    /// Runs the calibration data.
    ///
    /// # Errors
    /// As [`apply`].
    pub(crate) fn new(
        graph: &Graph,
        config: &'a Config,
        context: &mut Context<'_>,
    ) -> Result<Self, CompressError> {
        check_options(config)?;
        graph.verify().map_err(IrError::Invalid)?;
        check_float(graph)?;
        let graph = prepared(graph)?;
        check_folded(&graph)?;
        let ranges = ranges(&graph, config.calibration, context.calibration)?;
        context.log.push(format!(
            "post_training_quantization: {} inputs for calibration, {}",
            context.calibration.len(),
            describe(config)
        ));
        let means = match config.bias_correction {
            true => bias_correction::means(&graph, context.calibration)?,
            false => Means::new(),
        };
        let grams = match config.adaptive_rounding {
            true => adaptive_rounding::grams(&graph, context.calibration)?,
            false => Grams::new(),
        };
        Ok(Calibrated { graph, config, ranges, means, grams })
    }

    /// The quantised graph, with these layers of another precision.
    ///
    /// # Errors
    /// A layer that there is not, and as [`apply`].
    pub(crate) fn quantized(&self, layers: &Layers, log: &mut Vec<String>) -> Result<Graph, CompressError> {
        self.quantized_as(&self.graph, layers, log)
    }

    /// The quantised form of a graph with the tensors and nodes of the calibrated one, and other outputs.
    ///
    /// # Errors
    /// As [`Calibrated::quantized`].
    pub(crate) fn quantized_as(
        &self,
        graph: &Graph,
        layers: &Layers,
        log: &mut Vec<String>,
    ) -> Result<Graph, CompressError> {
        let is_there =
            |wanted: &&String| self.graph.nodes.iter().any(|node| name(&self.graph, node) == *wanted);
        if let Some(missing) = layers.keys().find(|wanted| !is_there(wanted)) {
            let names: Vec<&str> = self.graph.nodes.iter().map(|node| name(&self.graph, node)).collect();
            let message = format!("layers: there is no \"{missing}\"; the layers are {}", names.join(", "));
            return Err(CompressError::Options(message));
        }
        let seen =
            Seen { ranges: &self.ranges, means: &self.means, grams: &self.grams, scales: &BTreeMap::new() };
        rewritten(graph, seen, &Config { layers: layers.clone(), ..self.config.clone() }, log)
    }
}

/// The int8 graph of a [`prepared`] one whose ranges, by tensor, and scales of filters are known: training has learnt them.
///
/// # Errors
/// As [`apply`], less those of calibration.
pub(crate) fn of_trained(
    graph: &Graph,
    ranges: &[Option<Range>],
    scales: &BTreeMap<usize, Vec<f32>>,
    config: &Config,
    log: &mut Vec<String>,
) -> Result<Graph, CompressError> {
    let (means, grams) = (Vec::new(), Grams::new());
    rewritten(graph, Seen { ranges, means: &means, grams: &grams, scales }, config, log)
}

fn rewritten(
    graph: &Graph,
    seen: Seen<'_>,
    config: &Config,
    log: &mut Vec<String>,
) -> Result<Graph, CompressError> {
    let ranges = joined::joined(graph, seen.ranges);
    let quantized = rewrite::rewrite(graph, Seen { ranges: &ranges, ..seen }, config, log)?;
    let quantized = passes::dead_code(&quantized)?;
    // Multipliers that no kernel can apply are found here, with the node's name, not on the device.
    lower(&quantized)?;
    Ok(quantized)
}

/// The float graph as it is calibrated and quantised: constants computed, batch normalisations folded, activations fused.
///
/// # Errors
/// A graph that the verifier refuses.
pub(crate) fn prepared(graph: &Graph) -> Result<Graph, IrError> {
    passes::fuse_activation(&passes::fold_batch_norm(&passes::fold_constants(graph)?)?)
}

pub(crate) fn check_options(config: &Config) -> Result<(), CompressError> {
    let message = match config.calibration {
        Calibration::Percentile { percent } if !(percent > 50.0 && percent <= 100.0) => {
            format!("calibration: percentile {percent}, expected above 50 and at most 100")
        }
        Calibration::MovingAverage { momentum } if !(0.0..1.0).contains(&momentum) => {
            format!("calibration: momentum {momentum}, expected 0 to below 1")
        }
        _ if !matches!(config.weight_bits, 2..=4 | 8) => {
            format!("weight_bits {}, expected 8, or 2 to 4", config.weight_bits)
        }
        _ if !matches!(config.activation_bits, 8 | 16) => {
            format!("activation_bits {}, expected 8 or 16", config.activation_bits)
        }
        _ if config.activation_bits == 16 && config.weight_bits != 8 => {
            format!("activations of 16 bits go with weights of 8, found {}", config.weight_bits)
        }
        _ if config.adaptive_rounding && config.weight_bits != 8 => {
            "adaptive_rounding is for weights of 8 bits; leave one of both out".into()
        }
        _ => return Ok(()),
    };
    Err(CompressError::Options(message))
}

pub(crate) fn check_float(graph: &Graph) -> Result<(), CompressError> {
    for (idx, tensor) in (0u32..).zip(&graph.tensors) {
        let is_quantized = tensor.quant.is_some() || tensor.dtype.is_quantized() || tensor.dtype == DType::I4;
        if is_quantized || tensor.dtype == DType::F16 {
            let message = format!(
                "it is {}; expected a float32 graph, which is not quantised yet",
                tensor.dtype.name()
            );
            return Err(CompressError::Place { place: tensor_place(graph, TensorIdx(idx)), message });
        }
    }
    Ok(())
}

pub(crate) fn check_folded(graph: &Graph) -> Result<(), CompressError> {
    let is_left = |op: &Op| matches!(op, Op::BatchNormalization(_));
    match (0u32..).zip(&graph.nodes).find(|(_, node)| is_left(&node.op)) {
        None => Ok(()),
        Some((at, _)) => Err(CompressError::Place {
            place: graph.describe(NodeIdx(at)),
            message:
                "it cannot be folded; expected it to be the only reader of a CONV_2D, DEPTHWISE_CONV_2D or \
                      FULLY_CONNECTED without activation"
                    .into(),
        }),
    }
}

fn describe(config: &Config) -> String {
    let calibration = match config.calibration {
        Calibration::MinMax => "least and greatest values".into(),
        Calibration::Mse => "least squared error".into(),
        Calibration::Entropy => "least divergence".into(),
        Calibration::Percentile { percent } => format!("percentile {percent}"),
        Calibration::MovingAverage { momentum } => format!("moving average with momentum {momentum}"),
    };
    let scales = |per_channel| if per_channel { "per channel" } else { "per tensor" };
    let (conv, dense) = (scales(config.per_channel), scales(config.per_channel_fully_connected));
    let biases = if config.bias_correction { "; biases corrected" } else { "" };
    let rounding = if config.adaptive_rounding { "; adaptive rounding" } else { "" };
    let wide = if config.activation_bits == 16 { "; activations of 16 bits" } else { "" };
    let bits = if config.weight_bits == 8 {
        String::new()
    } else {
        format!("; weights of {} bits", config.weight_bits)
    };
    format!("{calibration}; filters {conv}, FULLY_CONNECTED {dense}{biases}{rounding}{bits}{wide}")
}

fn tensor_place(graph: &Graph, idx: TensorIdx) -> String {
    format!("tensor {} \"{}\"", idx.0, graph.get(idx).map_or("", |tensor| tensor.name.as_str()))
}

#[cfg(test)]
pub(crate) mod tests;
