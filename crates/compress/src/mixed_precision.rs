//! Mixed precision: which layers a quantised graph owes its error to, and which of them get more bits, or fewer.
//!
//! A layer's error is what comes out of the graph when it alone is quantised, as in the sensitivity analysis of Wu, Judd, Zhang,
//! Isaev and Micikevicius, *Integer Quantization for Deep Learning Inference: Principles and Empirical Evaluation*, 2020: mean
//! squared difference from the float outputs over their mean square, before a SOFTMAX or LOGISTIC at the end. Layers are then
//! taken in the order of these errors until a budget is kept.

use serde::{Deserialize, Serialize};
use smidgen_ir::{Graph, Interpreter, Node, Op, TensorIdx, lower};

use crate::post_training_quantization::{Calibrated, Config, Layers, Precision, handed_on, name};
use crate::quantize::{dequantize_output, quantize_input};
use crate::{CompressError, Context};

/// What a graph is worth, more is better.
pub type Judge<'a> = dyn FnMut(&Graph) -> Result<f64, CompressError> + 'a;

/// What a graph of mixed precision must keep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Budget {
    /// Bytes of all constants, biases and multipliers too: the layers that lose least by it get weights of 4 bits.
    Weights(usize),
    /// Loss against the float graph, in the unit of what judges it: the layers with most error get activations of 16 bits, or
    /// float32 where they have no such form.
    Loss(f64),
}

/// A layer's part in the error.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sensitivity {
    /// Name of its result.
    pub name: String,
    /// The operator.
    pub op: &'static str,
    /// Weights of a filter that can have 4 bits.
    pub weights: usize,
    /// Noise over signal of the outputs where it alone is quantised.
    pub noise: f64,
    /// Share of the noise of all layers.
    pub share: f64,
    /// The same as `noise` with weights of 4 bits, where it has weights.
    pub noise_of_4_bits: Option<f64>,
}

/// Inputs that layers are told apart by.
const LOOKED_AT: usize = 32;

/// Each layer's part in the error of the quantised graph, in the order of the graph. `context` has the inputs to look at.
///
/// # Errors
/// As [`crate::post_training_quantization::apply`].
pub fn sensitivity(
    graph: &Graph,
    config: &Config,
    context: &mut Context<'_>,
) -> Result<Vec<Sensitivity>, CompressError> {
    sensitivity_of(&Calibrated::new(graph, config, context)?, context.calibration)
}

fn sensitivity_of(
    calibrated: &Calibrated<'_>,
    inputs: &[Vec<f32>],
) -> Result<Vec<Sensitivity>, CompressError> {
    let config = calibrated.config;
    let probe = Probe::new(calibrated, inputs)?;
    let names = probe.layers();
    // One layer as it is configured, or with another precision.
    let alone = |at: usize, precision: Option<Precision>| -> Layers {
        let others = names.iter().enumerate().filter(|(other, _)| *other != at);
        let others = others.map(|(_, (name, _, _))| (name.clone(), Precision::Float32));
        let name = &names[at].0;
        let own = precision.or_else(|| config.layers.get(name).copied());
        others.chain(own.map(|own| (name.clone(), own))).collect()
    };
    let all_float = names.iter().map(|(name, _, _)| (name.clone(), Precision::Float32)).collect();
    // What quantised inputs do by themselves.
    let floor = probe.noise(&all_float)?;
    let mut found = Vec::new();
    for (at, (name, op, weights)) in names.iter().enumerate() {
        let noise = (probe.noise(&alone(at, None))? - floor).max(0.0);
        let noise_of_4_bits = match *weights > 0 {
            true => Some((probe.noise(&alone(at, Some(Precision::Int8x4)))? - floor).max(noise)),
            false => None,
        };
        found.push(Sensitivity {
            name: name.clone(),
            op,
            weights: *weights,
            noise,
            share: 0.0,
            noise_of_4_bits,
        });
    }
    let sum: f64 = found.iter().map(|layer| layer.noise).sum();
    found.iter_mut().for_each(|layer| layer.share = layer.noise / sum.max(f64::MIN_POSITIVE));
    Ok(found)
}

/// The quantised graph, in which some layers get another precision so that the budget is kept. `judge` gives what a graph is worth,
/// more is better, in the unit of [`Budget::Loss`]. The log of `context` says which layers.
///
/// # Errors
/// A budget that cannot be kept, with the best that can, and as [`crate::post_training_quantization::apply`] and `judge`.
pub fn apply(
    graph: &Graph,
    config: &Config,
    budget: Budget,
    context: &mut Context<'_>,
    judge: &mut Judge<'_>,
) -> Result<Graph, CompressError> {
    let calibrated = Calibrated::new(graph, config, context)?;
    let layers = choose(&calibrated, budget, context.calibration, judge)?;
    let changed = |(name, precision): (&String, &Precision)| format!("{name} {}", precision.name());
    context.log.push(match layers.is_empty() {
        true => "mixed_precision: all layers stay int8".into(),
        false => format!("mixed_precision: {}", layers.iter().map(changed).collect::<Vec<_>>().join(", ")),
    });
    calibrated.quantized(&layers, &mut context.log)
}

/// The layers of another precision: those that were asked for, and those that the budget takes.
fn choose(
    calibrated: &Calibrated<'_>,
    budget: Budget,
    inputs: &[Vec<f32>],
    judge: &mut Judge<'_>,
) -> Result<Layers, CompressError> {
    let config = calibrated.config;
    if config.activation_bits != 8 || config.weight_bits != 8 {
        let message = "mixed precision begins with activations and weights of 8 bits; leave other bits out";
        return Err(CompressError::Options(message.into()));
    }
    let mut sensitivity = sensitivity_of(calibrated, inputs.get(..LOOKED_AT).unwrap_or(inputs))?;
    // What was asked for stays.
    sensitivity.retain(|layer| !config.layers.contains_key(&layer.name));
    match budget {
        Budget::Weights(bytes) => fewer_bits(calibrated, sensitivity, bytes),
        Budget::Loss(points) => more_bits(calibrated, sensitivity, points, judge),
    }
}

fn fewer_bits(
    calibrated: &Calibrated<'_>,
    mut sensitivity: Vec<Sensitivity>,
    bytes: usize,
) -> Result<Layers, CompressError> {
    let size = |layers: &Layers| -> Result<usize, CompressError> {
        let program = lower(&calibrated.quantized(layers, &mut Vec::new())?)?;
        Ok(program.consts.iter().map(|constant| constant.bytes.len()).sum())
    };
    // The noise that a saved byte costs.
    let price = |layer: &Sensitivity| {
        layer.noise_of_4_bits.map(|noise| (noise - layer.noise) / layer.weights.max(1) as f64)
    };
    sensitivity.retain(|layer| layer.noise_of_4_bits.is_some());
    sensitivity.sort_by(|a, b| price(a).unwrap_or(0.0).total_cmp(&price(b).unwrap_or(0.0)));
    let mut layers = calibrated.config.layers.clone();
    let mut smallest = size(&layers)?;
    for layer in &sensitivity {
        if smallest <= bytes {
            return Ok(layers);
        }
        layers.insert(layer.name.clone(), Precision::Int8x4);
        smallest = size(&layers)?;
    }
    match smallest <= bytes {
        true => Ok(layers),
        false => Err(CompressError::Options(format!(
            "mixed_precision: {bytes} bytes of weights cannot be reached; with 4 bits in every layer they take {smallest}"
        ))),
    }
}

fn more_bits(
    calibrated: &Calibrated<'_>,
    mut sensitivity: Vec<Sensitivity>,
    loss: f64,
    judge: &mut Judge<'_>,
) -> Result<Layers, CompressError> {
    sensitivity.sort_by(|a, b| b.noise.total_cmp(&a.noise));
    let wanted = judge(&calibrated.graph)? - loss;
    let mut layers = calibrated.config.layers.clone();
    let mut quantized = calibrated.quantized(&layers, &mut Vec::new())?;
    let mut best = judge(&quantized)?;
    let mut rest = sensitivity.iter();
    while best < wanted {
        let Some(layer) = rest.next() else {
            return Err(CompressError::Options(format!(
                "mixed_precision: a loss of at most {loss} cannot be kept; with all layers of 16 bits or float32, between \
                 inputs and outputs of 8, it is {:.4}",
                wanted + loss - best
            )));
        };
        layers.insert(layer.name.clone(), Precision::Int16x8);
        quantized = match calibrated.quantized(&layers, &mut Vec::new()) {
            Ok(quantized) => quantized,
            // It has no form with activations of 16 bits.
            Err(_) => {
                layers.insert(layer.name.clone(), Precision::Float32);
                calibrated.quantized(&layers, &mut Vec::new())?
            }
        };
        best = judge(&quantized)?;
    }
    Ok(layers)
}

/// A calibrated graph without a SOFTMAX or LOGISTIC at its end, which hide small differences, and what its float form gives.
struct Probe<'a> {
    calibrated: &'a Calibrated<'a>,
    /// With the tensors and nodes of the calibrated one: what is at the end is there, and nobody reads it.
    bare: Graph,
    inputs: &'a [Vec<f32>],
    wanted: Vec<Vec<f32>>,
}

impl<'a> Probe<'a> {
    fn new(calibrated: &'a Calibrated<'a>, inputs: &'a [Vec<f32>]) -> Result<Self, CompressError> {
        let graph = &calibrated.graph;
        let mut bare = graph.clone();
        for output in &mut bare.outputs {
            let node = graph.producer(*output).and_then(|node| graph.nodes.get(node.idx()));
            let node = node.filter(|node| hides(&node.op));
            *output = node.and_then(|node| node.inputs.first().copied().flatten()).unwrap_or(*output);
        }
        let wanted = outputs(&bare, inputs)?;
        Ok(Probe { calibrated, bare, inputs, wanted })
    }

    /// Name, operator and number of weights of the layers that compute.
    fn layers(&self) -> Vec<(String, &'static str, usize)> {
        let graph = &self.bare;
        let is_read = |tensor: &TensorIdx| {
            graph.outputs.contains(tensor)
                || graph.nodes.iter().any(|node| node.inputs.contains(&Some(*tensor)))
        };
        let computes = |node: &&Node| handed_on(graph, node).is_none() && node.outputs.iter().any(is_read);
        let weights = |node: &Node| match node.op {
            Op::Conv2d(_) | Op::FullyConnected(_) => {
                let filter = node.inputs.get(1).copied().flatten().map(|filter| graph.tensor(filter));
                filter.filter(|filter| filter.is_const()).map_or(0, |filter| filter.n_elements())
            }
            _ => 0,
        };
        let layer = |node: &Node| (name(graph, node).to_owned(), node.op.name(), weights(node));
        graph.nodes.iter().filter(computes).map(layer).collect()
    }

    /// Noise over signal of the outputs with these layers.
    fn noise(&self, layers: &Layers) -> Result<f64, CompressError> {
        let graph = self.calibrated.quantized_as(&self.bare, layers, &mut Vec::new())?;
        let found = outputs(&graph, self.inputs)?;
        let (mut noise, mut signal) = (0.0, 0.0);
        for (wanted, found) in self.wanted.iter().flatten().zip(found.iter().flatten()) {
            noise += f64::from(wanted - found).powi(2);
            signal += f64::from(*wanted).powi(2);
        }
        Ok(noise / signal.max(f64::MIN_POSITIVE))
    }
}

/// What a graph gives for inputs, in real units.
fn outputs(graph: &Graph, inputs: &[Vec<f32>]) -> Result<Vec<Vec<f32>>, CompressError> {
    let mut interpreter = Interpreter::new(graph)?;
    let mut run = |input: &Vec<f32>| {
        interpreter.reset();
        dequantize_output(graph, &interpreter.run(&quantize_input(graph, input)?)?)
    };
    inputs.iter().map(&mut run).collect()
}

fn hides(op: &Op) -> bool {
    matches!(op, Op::Softmax(_) | Op::Logistic(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post_training_quantization::apply;
    use crate::post_training_quantization::tests::{Noise, inputs};
    use smidgen_ir::build::{Builder, Conv};
    use smidgen_ir::{DType, Tensor, passes};

    fn chosen_of(
        graph: &Graph,
        config: &Config,
        budget: Budget,
        context: &mut Context<'_>,
        judge: &mut Judge<'_>,
    ) -> Result<Layers, CompressError> {
        choose(&Calibrated::new(graph, config, context)?, budget, context.calibration, judge)
    }

    fn network() -> Graph {
        let mut noise = Noise(5);
        let mut net = Builder::new("net", move |parameter| noise.values(parameter.n_elements(), 0.4));
        let x = net.input("x", &[1, 6, 6, 2]);
        let x = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
        let x = net.depthwise_conv_2d(x, Conv::new(1, [3, 3]).relu());
        let x = net.conv_2d(x, Conv::new(16, [1, 1]).relu());
        let x = net.reshape(x, &[1, -1]);
        let x = net.fully_connected(x, 6);
        let x = net.softmax(x);
        net.finish(&[x]).unwrap()
    }

    /// The network with one weight of the second convolution so large that the others have few steps.
    fn lame() -> Graph {
        let mut graph = network();
        let filter = graph.nodes[2].inputs[1].unwrap();
        let mut values = graph.tensor(filter).f32s().unwrap();
        values.iter_mut().step_by(8).for_each(|value| *value *= 60.0);
        *graph.tensor_mut(filter) = Tensor::const_f32("filter", graph.tensor(filter).shape.clone(), &values);
        graph
    }

    fn noise(float: &Graph, quantized: &Graph, inputs: &[Vec<f32>]) -> f64 {
        let (wanted, found) = (outputs(float, inputs).unwrap(), outputs(quantized, inputs).unwrap());
        let differences = wanted.iter().flatten().zip(found.iter().flatten()).map(|(a, b)| a - b);
        differences.map(|difference| f64::from(difference).powi(2)).sum()
    }

    #[test]
    fn the_layer_that_is_lame_has_most_of_the_error() {
        let graph = lame();
        let calibration = inputs(3, &graph, 12);
        let layers = sensitivity(&graph, &Config::default(), &mut Context::new(&calibration)).unwrap();
        assert_eq!(layers.len(), 4, "RESHAPE hands on, SOFTMAX is left out");
        assert!((layers.iter().map(|layer| layer.share).sum::<f64>() - 1.0).abs() < 1e-9);
        let worst = layers.iter().max_by(|a, b| a.share.total_cmp(&b.share)).unwrap();
        assert!(layers[1].noise_of_4_bits.is_none() && layers[0].noise_of_4_bits > Some(layers[0].noise));
        assert_eq!(worst.name, graph.tensor(graph.nodes[2].outputs[0]).name, "{layers:?}");
    }

    #[test]
    fn single_layers_of_other_precision_keep_inputs_outputs_and_names() {
        let graph = network();
        let calibration = inputs(3, &graph, 12);
        let plain = apply(&graph, &Config::default(), &mut Context::new(&calibration)).unwrap();
        let names: Vec<String> = graph.nodes.iter().map(|node| name(&graph, node).to_owned()).collect();
        let all = |precision| -> Layers { names.iter().map(|name| (name.clone(), precision)).collect() };
        let mut noises = Vec::new();
        for precision in [Precision::Int8x4, Precision::Int8, Precision::Int16x8, Precision::Float32] {
            for layers in
                names.iter().map(|name| Layers::from([(name.clone(), precision)])).chain([all(precision)])
            {
                let config = Config { layers: layers.clone(), ..Config::default() };
                let mixed = apply(&graph, &config, &mut Context::new(&calibration)).unwrap();
                let types = |graph: &Graph, tensors: &[smidgen_ir::TensorIdx]| -> Vec<(String, DType)> {
                    let tensors = tensors.iter().map(|&tensor| graph.tensor(tensor));
                    tensors.map(|tensor| (tensor.name.clone(), tensor.dtype)).collect()
                };
                assert_eq!(types(&mixed, &mixed.inputs), types(&plain, &plain.inputs));
                assert_eq!(types(&mixed, &mixed.outputs), types(&plain, &plain.outputs));
                noises.push((precision, layers.len(), noise(&graph, &mixed, &calibration)));
            }
        }
        let of_all = |precision| noises.iter().find(|(of, n, _)| *of == precision && *n > 1).unwrap().2;
        assert!(of_all(Precision::Int8x4) > 4.0 * of_all(Precision::Int8), "{noises:?}");
        assert!(of_all(Precision::Int8) > of_all(Precision::Int16x8), "{noises:?}");
        assert_eq!(of_all(Precision::Int8), noise(&graph, &plain, &calibration));
    }

    #[test]
    fn a_budget_of_bytes_gives_the_least_sensitive_layers_4_bits() {
        let graph = lame();
        let calibration = inputs(3, &graph, 12);
        let bytes = |layers: Layers| -> usize {
            let config = Config { layers, ..Config::default() };
            let graph = apply(&graph, &config, &mut Context::new(&calibration)).unwrap();
            lower(&graph).unwrap().consts.iter().map(|constant| constant.bytes.len()).sum()
        };
        let chosen = |budget| {
            let judge = &mut |_: &Graph| Ok(0.0);
            chosen_of(
                &graph,
                &Config::default(),
                Budget::Weights(budget),
                &mut Context::new(&calibration),
                judge,
            )
        };
        let full = bytes(Layers::new());
        assert_eq!(chosen(full).unwrap(), Layers::new());
        let layers = chosen(full - 100).unwrap();
        assert!(!layers.is_empty() && bytes(layers) <= full - 100);
        let error = chosen(full / 4).unwrap_err().to_string();
        assert!(error.contains("with 4 bits in every layer they take"), "{error}");
    }

    #[test]
    fn a_budget_of_loss_gives_the_most_sensitive_layers_more_bits() {
        let mut graph = lame();
        graph.outputs = vec![graph.nodes.last().unwrap().inputs[0].unwrap()];
        let graph = passes::dead_code(&graph).unwrap();
        let calibration = inputs(3, &graph, 12);
        let float = outputs(&graph, &calibration).unwrap();
        let mut judge = |candidate: &Graph| {
            let found = outputs(candidate, &calibration)?;
            let differences = float.iter().flatten().zip(found.iter().flatten());
            Ok(-differences.map(|(a, b)| f64::from((a - b).abs())).sum::<f64>())
        };
        let plain = apply(&graph, &Config::default(), &mut Context::new(&calibration)).unwrap();
        let lost = -judge(&plain).unwrap();
        let mut chosen = |loss| {
            let context = &mut Context::new(&calibration);
            chosen_of(&graph, &Config::default(), Budget::Loss(loss), context, &mut judge)
        };
        assert_eq!(chosen(lost).unwrap(), Layers::new());
        let layers = chosen(0.7 * lost).unwrap();
        assert!(layers.len() < graph.nodes.len(), "{layers:?}");
        assert!(layers.contains_key(name(&graph, &graph.nodes[2])), "{layers:?}");
        let error = chosen(0.0).unwrap_err().to_string();
        assert!(error.contains("a loss of at most 0 cannot be kept"), "{error}");
    }

    #[test]
    fn a_layer_that_there_is_not_is_named() {
        let graph = network();
        let calibration = inputs(3, &graph, 2);
        let config =
            Config { layers: Layers::from([("wrong".into(), Precision::Float32)]), ..Config::default() };
        let error = apply(&graph, &config, &mut Context::new(&calibration)).unwrap_err().to_string();
        assert!(error.contains("there is no \"wrong\"; the layers are"), "{error}");
    }
}
