//! Where an int8 graph differs from its float original, layer by layer, and why.
//!
//! Two ratios of signal to quantisation noise, `10 log10(sum y^2 / sum (y - y~)^2)`: of what has come together up to a layer, and
//! of what the layer adds by itself when it gets the float graph's values. What a layer adds is what can be mended there.

use crate::post_training_quantization::prepared;
use crate::quantize::{dequantize, dequantize_output, dequantize_value, per_tensor, quantize_input};
use crate::{CompressError, Context};
use serde::Serialize;
use smidgen_ir::{DType, Graph, Interpreter, Node, Op, TensorIdx, passes};
use std::collections::BTreeMap;

/// Share of values beyond the range from which a layer counts as clipped.
const CLIPPED: f64 = 1e-3;
/// Greatest magnitude over the root mean square from which few values take most of the range.
const CREST: f64 = 25.0;
/// Steps of int8 in a root mean square below which a layer is coarse.
const COARSE: f64 = 4.0;
/// Ratio of the largest to the median magnitude of a filter's channels that share a scale.
const UNEVEN: f32 = 20.0;
/// A layer that adds less noise than this (dB below the signal) needs no mending.
const FINE: f64 = 35.0;

/// Why a layer adds noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Values lie beyond the range that calibration found.
    Clipped,
    /// A few values are so large that the others have few steps.
    Outliers,
    /// All values have few steps: they share a range with larger ones elsewhere.
    Coarse,
    /// Channels of very different size share one scale of the weights.
    UnevenChannels,
}

impl Cause {
    /// What it is and what to try, in words.
    pub fn remedy(self) -> &'static str {
        match self {
            Cause::Clipped => {
                "values beyond the calibrated range: calibrate with more data like these, method = \"min_max\""
            }
            Cause::Outliers => {
                "a few values take the range: method = \"mse\", or { percentile = { percent = 99.9 } }"
            }
            Cause::Coarse => "few steps for its values: equalize = true, or fewer inputs unlike the others",
            Cause::UnevenChannels => "channels of very different size share a scale: equalize = true",
        }
    }
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerError {
    /// Position among the nodes of the int8 graph.
    pub node: usize,
    /// The operator.
    pub op: &'static str,
    /// Name of its result.
    pub name: String,
    /// Signal over noise of the result, dB: all that came together.
    pub sqnr_db: f64,
    /// Signal over the noise that the layer adds by itself, dB.
    pub own_sqnr_db: f64,
    /// Cosine of the angle between the float and the int8 result.
    pub cosine: f64,
    /// Share of the float values beyond the int8 range.
    pub clipped: f64,
    /// Root mean square of the float values in steps of int8.
    pub steps: f64,
    /// Share of the error of the model's outputs that it has, see [`crate::mixed_precision`]; `None` where that is not known.
    pub share: Option<f64>,
    /// Why, where something stands out.
    pub cause: Option<Cause>,
}

/// Sums over all values of a result.
#[derive(Debug, Clone, Default)]
struct Sums {
    n: f64,
    signal: f64,
    noise: f64,
    own: f64,
    product: f64,
    quantized: f64,
    clipped: f64,
    peak: f64,
}

/// The layers of `int8`, which post-training quantisation made of `float`, from the noisiest by itself on. `context` has the
/// inputs to look at.
///
/// # Errors
/// Graphs that do not belong together, and inputs of another length.
pub fn diagnose(
    float: &Graph,
    int8: &Graph,
    context: &Context<'_>,
) -> Result<Vec<LayerError>, CompressError> {
    let float = prepared(float)?;
    let names: BTreeMap<&str, TensorIdx> = (0u32..)
        .zip(&float.tensors)
        .filter(|(_, tensor)| !tensor.is_const())
        .map(|(at, tensor)| (tensor.name.as_str(), TensorIdx(at)))
        .collect();
    let layers: Vec<Option<Layer>> = int8.nodes.iter().map(|node| Layer::of(int8, node, &names)).collect();
    if layers.iter().all(Option::is_none) {
        let message = "no layer of the int8 graph has its result in the float graph; expected a graph and its quantised form";
        return Err(CompressError::Data(message.into()));
    }
    let mut sums = vec![Sums::default(); int8.nodes.len()];
    let mut alone: Vec<Option<Interpreter>> = layers
        .iter()
        .map(|layer| layer.as_ref().map(|layer| Interpreter::new(&layer.alone)).transpose())
        .collect::<Result<_, _>>()?;
    let (mut float_run, mut int8_run) = (Interpreter::new(&float)?, Interpreter::new(int8)?);
    for input in context.calibration {
        let exact = values(&float, &mut float_run, &quantize_input(&float, input)?)?;
        let given = quantize_input(int8, input)?;
        let quantized = values(int8, &mut int8_run, &given)?;
        for ((layer, alone), sums) in layers.iter().zip(&mut alone).zip(&mut sums) {
            let (Some(layer), Some(alone)) = (layer, alone) else { continue };
            let Some(truth) = exact.get(&layer.float) else { continue };
            let inputs: Option<Vec<&[f32]>> =
                layer.inputs.iter().map(|input| exact.get(input).map(Vec::as_slice)).collect();
            let Some(inputs) = inputs else { continue };
            alone.reset();
            let own = alone.run(&quantize_input(&layer.alone, &inputs.concat())?)?;
            let own = dequantize_output(&layer.alone, &own)?;
            let all = quantized.get(&layer.int8).map(Vec::as_slice).unwrap_or_default();
            sums.add(truth, all, &own, layer.range);
        }
    }
    let each = layers.iter().zip(sums).zip(&int8.nodes).enumerate();
    let mut found: Vec<LayerError> = each
        .filter_map(|(at, ((layer, sums), node))| {
            layer.as_ref().filter(|_| sums.n > 0.0).map(|layer| layer.judge(at, node, int8, &sums))
        })
        .collect();
    found.sort_by(|a, b| a.own_sqnr_db.total_cmp(&b.own_sqnr_db));
    Ok(found)
}

/// All activations of one inference as real values.
fn values(
    graph: &Graph,
    interpreter: &mut Interpreter,
    input: &[u8],
) -> Result<BTreeMap<TensorIdx, Vec<f32>>, CompressError> {
    let mut values = BTreeMap::new();
    let mut rest = input;
    for &idx in &graph.inputs {
        let (own, tail) = rest.split_at_checked(graph.tensor(idx).n_bytes()).unwrap_or((rest, &[]));
        values.extend(dequantize(graph.tensor(idx), own).map(|own| (idx, own)));
        rest = tail;
    }
    interpreter.reset();
    interpreter.run_layers(input, &mut |node, results| {
        for (&output, bytes) in graph.nodes[node.idx()].outputs.iter().zip(results) {
            // What stands for no real values is no layer's result.
            values.extend(dequantize(graph.tensor(output), bytes).map(|own| (output, own)));
        }
    })?;
    Ok(values)
}

/// An int8 node with the float tensors that belong to its operands and its result.
struct Layer {
    alone: Graph,
    inputs: Vec<TensorIdx>,
    int8: TensorIdx,
    float: TensorIdx,
    /// Least and greatest value that int8 can hold, and its step.
    range: [f32; 3],
}

impl Layer {
    /// `None` for a node whose operands or result the float graph has not, or that has a state.
    fn of(int8: &Graph, node: &Node, names: &BTreeMap<&str, TensorIdx>) -> Option<Layer> {
        let &[output] = node.outputs.as_slice() else { return None };
        let tensor = int8.tensor(output);
        let (scale, zero_point) = per_tensor(tensor).ok().filter(|_| tensor.dtype == DType::I8)?;
        let activations: Vec<TensorIdx> =
            node.inputs.iter().flatten().copied().filter(|&input| !int8.tensor(input).is_const()).collect();
        let known = |idx: &TensorIdx| names.get(int8.tensor(*idx).name.as_str()).copied();
        let inputs: Option<Vec<TensorIdx>> = activations.iter().map(known).collect();
        let stateless = activations.iter().all(|&idx| !int8.tensor(idx).is_variable);
        let alone =
            Graph { inputs: activations, outputs: vec![output], nodes: vec![node.clone()], ..int8.clone() };
        let alone = passes::dead_code(&alone).ok().filter(|_| stateless)?;
        let range = [i8::MIN, i8::MAX].map(|step| dequantize_value(step, scale, zero_point));
        let range = [range[0], range[1], scale];
        Some(Layer { alone, inputs: inputs?, int8: output, float: known(&output)?, range })
    }

    fn judge(&self, at: usize, node: &Node, int8: &Graph, sums: &Sums) -> LayerError {
        let ratio = |noise: f64| match noise {
            0.0 => f64::INFINITY,
            noise => 10.0 * (sums.signal.max(f64::MIN_POSITIVE) / noise).log10(),
        };
        let rms = (sums.signal / sums.n).sqrt();
        let steps = rms / f64::from(self.range[2]);
        let clipped = sums.clipped / sums.n;
        let own_sqnr_db = ratio(sums.own);
        let cause = match () {
            () if own_sqnr_db >= FINE => None,
            () if clipped > CLIPPED => Some(Cause::Clipped),
            () if uneven(int8, node) => Some(Cause::UnevenChannels),
            () if sums.peak > CREST * rms => Some(Cause::Outliers),
            () if steps < COARSE => Some(Cause::Coarse),
            () => None,
        };
        LayerError {
            node: at,
            op: node.op.name(),
            name: int8.tensor(self.int8).name.clone(),
            sqnr_db: ratio(sums.noise),
            own_sqnr_db,
            cosine: sums.product / (sums.signal * sums.quantized).sqrt().max(f64::MIN_POSITIVE),
            clipped,
            steps,
            share: None,
            cause,
        }
    }
}

impl Sums {
    fn add(&mut self, truth: &[f32], all: &[f32], own: &[f32], [low, high, step]: [f32; 3]) {
        for ((&y, &all), &own) in truth.iter().zip(all).zip(own) {
            let (y64, all64) = (f64::from(y), f64::from(all));
            self.n += 1.0;
            self.signal += y64 * y64;
            self.noise += (y64 - all64).powi(2);
            self.own += (y64 - f64::from(own)).powi(2);
            self.product += y64 * all64;
            self.quantized += all64 * all64;
            self.peak = self.peak.max(y64.abs());
            self.clipped += f64::from(u8::from(y < low - step / 2.0 || y > high + step / 2.0));
        }
    }
}

/// Whether a filter's channels of very different size share one scale.
fn uneven(graph: &Graph, node: &Node) -> bool {
    let filter = node.inputs.get(1).copied().flatten().map(|filter| graph.tensor(filter));
    let Some(filter) = filter.filter(|_| matches!(node.op, Op::FullyConnected(_) | Op::Conv2d(_))) else {
        return false;
    };
    let shared = filter.quant.as_ref().is_some_and(|quant| quant.scales.len() == 1);
    let (Some(steps), Some(&rows)) = (filter.i8s().filter(|_| shared), filter.shape.first()) else {
        return false;
    };
    let row = steps.len() / rows.max(1);
    let mut largest: Vec<f32> = steps
        .chunks(row.max(1))
        .map(|row| row.iter().map(|step| f32::from(*step).abs()).fold(0.0, f32::max))
        .collect();
    largest.sort_by(f32::total_cmp);
    let median = largest.get(largest.len() / 2).copied().unwrap_or(0.0);
    largest.last().is_some_and(|last| *last > UNEVEN * median)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post_training_quantization::{self, Config};
    use smidgen_ir::Tensor;
    use smidgen_ir::build::{Builder, Conv, Parameter};

    fn network() -> Graph {
        let mut at = 1u32;
        let mut net = Builder::new("net", move |parameter: &Parameter<'_>| {
            (0..parameter.n_elements())
                .map(|_| {
                    at = at.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    ((at >> 8) as f32 / (1 << 23) as f32 - 1.0)
                        * (3.0 / parameter.fan_in.max(1) as f32).sqrt()
                })
                .collect()
        });
        let x = net.input("x", &[1, 8, 8, 2]);
        let x = net.conv_2d(x, Conv::new(6, [3, 3]).relu());
        let x = net.conv_2d(x, Conv::new(4, [3, 3]).relu());
        let x = net.reshape(x, &[1, -1]);
        let x = net.fully_connected(x, 5);
        net.finish(&[x]).unwrap()
    }

    fn inputs(n: usize, scale: f32) -> Vec<Vec<f32>> {
        (0..n).map(|k| (0..128).map(|at| ((at * (k + 3)) as f32 * 0.37).sin() * scale).collect()).collect()
    }

    fn diagnosed(float: &Graph, calibration: &[Vec<f32>], seen: &[Vec<f32>]) -> Vec<LayerError> {
        let mut context = Context::new(calibration);
        let int8 = post_training_quantization::apply(float, &Config::default(), &mut context).unwrap();
        diagnose(float, &int8, &Context::new(seen)).unwrap()
    }

    #[test]
    fn a_sound_graph_has_little_noise_and_it_adds_up() {
        let layers = diagnosed(&network(), &inputs(8, 1.0), &inputs(8, 1.0));
        assert_eq!(layers.len(), 4);
        for layer in &layers {
            assert!(layer.own_sqnr_db > 30.0 && layer.cosine > 0.999 && layer.cause.is_none(), "{layer:?}");
            assert!(layer.own_sqnr_db >= layer.sqnr_db - 1.0, "{layer:?}");
        }
        assert!(layers.windows(2).all(|pair| pair[0].own_sqnr_db <= pair[1].own_sqnr_db));
    }

    #[test]
    fn inputs_that_calibration_has_not_seen_are_told() {
        let layers = diagnosed(&network(), &inputs(8, 0.2), &inputs(8, 1.0));
        let first = layers.iter().find(|layer| layer.node == 0).unwrap();
        assert!(first.clipped > 0.05 && first.cause == Some(Cause::Clipped), "{first:?}");
        assert!(first.sqnr_db < 15.0, "{first:?}");
    }

    #[test]
    fn a_channel_that_is_too_large_and_values_that_stand_out_are_told() {
        let mut graph = network();
        let filter = graph.nodes[3].inputs[1].unwrap();
        let tensor = graph.tensor_mut(filter);
        let n = tensor.n_elements();
        let values = tensor.f32s().unwrap();
        let large: Vec<f32> =
            values.iter().enumerate().map(|(at, v)| if at < n / 5 { v * 100.0 } else { *v }).collect();
        *tensor = Tensor::const_f32("large", tensor.shape.clone(), &large);
        let layers = diagnosed(&graph, &inputs(8, 1.0), &inputs(8, 1.0));
        let dense = layers.iter().find(|layer| layer.op == "FULLY_CONNECTED").unwrap();
        assert!(dense.cause == Some(Cause::UnevenChannels) || dense.own_sqnr_db > FINE, "{dense:?}");

        let graph = network();
        let mut calibration = inputs(40, 0.05);
        calibration[0] = inputs(1, 30.0).remove(0);
        let layers = diagnosed(&graph, &calibration, &calibration[1..]);
        assert!(
            layers.iter().all(|layer| layer.cause == Some(Cause::Coarse) || layer.own_sqnr_db > FINE),
            "{layers:?}"
        );
        assert!(layers[0].cause == Some(Cause::Coarse), "{layers:?}");
        let other = Graph {
            tensors: Vec::new(),
            nodes: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            ..graph.clone()
        };
        assert!(diagnose(&graph, &other, &Context::new(&[])).is_err());
    }
}
