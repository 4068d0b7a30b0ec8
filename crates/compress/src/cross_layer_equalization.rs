//! Cross-layer equalisation: the channels between two layers are brought to one range, by factors that the layers take back
//! from each other (Nagel et al., *Data-Free Quantization Through Weight Equalization and Bias Correction*, 2019, section 4.1).
//!
//! With `f(s x) = s f(x)` for `s > 0`, which holds without activation and for RELU, dividing the first layer's filter and bias of
//! channel `i` by `s[i]` and multiplying the second layer's weights of that channel by it changes nothing;
//! `s[i] = sqrt(r1[i] r2[i]) / r2[i]`, with the greatest magnitudes `r1` and `r2` of the weights on either side, makes both the
//! same. Pairs are gone through until they hardly change, because a depthwise layer stands between two.
//!
//! A pair needs constant weights, a result that only the second layer reads, and no more than data movement by whole channels
//! between them, of which none is looked through here. RELU6 does not scale; what ends in it stays as it is.

use crate::post_training_quantization::prepared;
use crate::{CompressError, Context};
use serde::{Deserialize, Serialize};
use smidgen_ir::{Activation, Graph, IrError, Op, Tensor, TensorIdx};

/// Options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Most rounds over all pairs.
    pub rounds: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config { rounds: 40 }
    }
}

/// Factors within this of 1 are no change.
const SETTLED: f32 = 1e-3;

/// Largest factor of one step, so that channels of next to nothing are not blown up.
const MOST: f32 = 1e4;

/// A pair of layers: their filters, the first one's bias, the dimensions of the channels between them.
#[derive(Debug, Clone, Copy)]
struct Pair {
    first: (TensorIdx, usize),
    bias: Option<TensorIdx>,
    second: (TensorIdx, usize),
    channels: usize,
}

/// The graph with folded batch normalisation, fused activations and equalised weights. The log of `context` says how many pairs
/// there were.
///
/// # Errors
/// A graph that the verifier refuses.
pub fn apply(graph: &Graph, config: &Config, context: &mut Context<'_>) -> Result<Graph, CompressError> {
    graph.verify().map_err(IrError::Invalid)?;
    let mut graph = prepared(graph)?;
    let pairs = pairs(&graph);
    let mut largest = 1.0f32;
    for _ in 0..config.rounds {
        let mut moved = 0.0f32;
        for pair in &pairs {
            for factor in equalize(&mut graph, pair) {
                moved = moved.max(factor.ln().abs());
                largest = largest.max(factor).max(1.0 / factor);
            }
        }
        if moved < SETTLED {
            break;
        }
    }
    context.log.push(format!(
        "cross_layer_equalization: {} pair(s) of layers, channels brought together by up to {largest:.1}",
        pairs.len()
    ));
    graph.verify().map_err(IrError::Invalid)?;
    Ok(graph)
}

/// The dimension of a weighted operator's output channels and of its input channels in its filter.
fn axes(op: &Op) -> Option<(usize, usize)> {
    match op {
        Op::Conv2d(_) => Some((0, 3)),
        Op::FullyConnected(_) => Some((0, 1)),
        // A filter for each channel, or several of them.
        Op::DepthwiseConv2d(_) => Some((3, 3)),
        _ => None,
    }
}

fn scales(op: &Op) -> bool {
    let activation = match op {
        Op::Conv2d(op) => op.activation,
        Op::DepthwiseConv2d(op) => op.activation,
        Op::FullyConnected(op) => op.activation,
        _ => return false,
    };
    matches!(activation, Activation::None | Activation::Relu)
}

fn pairs(graph: &Graph) -> Vec<Pair> {
    let readers = |idx: TensorIdx| {
        let reads = graph.nodes.iter().flat_map(|node| node.inputs.iter().flatten());
        reads.filter(|&&input| input == idx).count()
            + graph.outputs.iter().filter(|&&output| output == idx).count()
    };
    let constant = |idx: Option<TensorIdx>| {
        idx.filter(|&idx| graph.tensor(idx).f32s().is_some_and(|values| values.iter().all(|v| v.is_finite())))
    };
    let mut pairs = Vec::new();
    for second in &graph.nodes {
        let Some((_, in_axis)) = axes(&second.op) else { continue };
        let operand = |node: &smidgen_ir::Node, at: usize| node.inputs.get(at).copied().flatten();
        let Some(between) = operand(second, 0) else { continue };
        let first = graph.nodes.iter().find(|node| node.outputs.contains(&between) && scales(&node.op));
        let Some((first, (out_axis, _))) = first.and_then(|node| Some((node, axes(&node.op)?))) else {
            continue;
        };
        let filters = (constant(operand(first, 1)), constant(operand(second, 1)));
        let (Some(a), Some(b)) = filters else { continue };
        let extent = |idx: TensorIdx, axis: usize| graph.tensor(idx).shape.get(axis).copied().unwrap_or(0);
        let (channels, inputs) = (extent(a, out_axis), extent(b, in_axis));
        let alone = readers(between) == 1 && readers(a) == 1 && readers(b) == 1;
        let bias = operand(first, 2);
        let bias_alone = bias.is_none_or(|bias| constant(Some(bias)).is_some() && readers(bias) == 1);
        let last = graph.tensor(between).shape.last() == Some(&channels);
        if channels == inputs && channels > 0 && alone && bias_alone && last {
            pairs.push(Pair { first: (a, out_axis), bias, second: (b, in_axis), channels });
        }
    }
    pairs
}

/// Greatest magnitude of each channel along `axis`.
fn magnitudes(tensor: &Tensor, axis: usize, channels: usize) -> Vec<f32> {
    let inner: usize = tensor.shape.iter().skip(axis + 1).product::<usize>().max(1);
    let mut magnitudes = vec![0.0f32; channels];
    for (at, value) in tensor.f32s().unwrap_or_default().iter().enumerate() {
        if let Some(magnitude) = magnitudes.get_mut(at / inner % channels) {
            *magnitude = magnitude.max(value.abs());
        }
    }
    magnitudes
}

/// Multiplies each channel along `axis` by its factor.
fn multiply(graph: &mut Graph, idx: TensorIdx, axis: usize, factors: &[f32]) {
    let tensor = graph.tensor_mut(idx);
    let inner: usize = tensor.shape.iter().skip(axis + 1).product::<usize>().max(1);
    let values = tensor.f32s().unwrap_or_default();
    let scaled: Vec<f32> =
        values.iter().enumerate().map(|(at, value)| value * factors[at / inner % factors.len()]).collect();
    *tensor = Tensor::const_f32(tensor.name.clone(), tensor.shape.clone(), &scaled);
}

/// Equalises a pair and returns its factors. Channels that are nought on either side stay as they are.
fn equalize(graph: &mut Graph, pair: &Pair) -> Vec<f32> {
    let r1 = magnitudes(graph.tensor(pair.first.0), pair.first.1, pair.channels);
    let r2 = magnitudes(graph.tensor(pair.second.0), pair.second.1, pair.channels);
    let factor = |(r1, r2): (&f32, &f32)| match (r1 * r2).sqrt() / r2 {
        factor if factor.is_finite() && factor > 0.0 => factor.clamp(1.0 / MOST, MOST),
        _ => 1.0,
    };
    let factors: Vec<f32> = r1.iter().zip(&r2).map(factor).collect();
    shift(graph, pair, &factors);
    factors
}

/// Divides each channel of the first layer by its factor and multiplies the weights of the second by it.
fn shift(graph: &mut Graph, pair: &Pair, factors: &[f32]) {
    let inverse: Vec<f32> = factors.iter().map(|factor| 1.0 / factor).collect();
    multiply(graph, pair.first.0, pair.first.1, &inverse);
    if let Some(bias) = pair.bias {
        multiply(graph, bias, 0, &inverse);
    }
    multiply(graph, pair.second.0, pair.second.1, factors);
}

/// The opposite of equalisation, for benches: between each two layers every channel is divided by what `draw` gives, above 0. Also
/// returns how many pairs of layers there were.
///
/// # Errors
/// A graph that the verifier refuses.
pub fn disturb(graph: &Graph, draw: &mut dyn FnMut() -> f32) -> Result<(Graph, usize), CompressError> {
    graph.verify().map_err(IrError::Invalid)?;
    let mut graph = prepared(graph)?;
    let pairs = pairs(&graph);
    for pair in &pairs {
        let factors: Vec<f32> = (0..pair.channels).map(|_| draw()).collect();
        shift(&mut graph, pair, &factors);
    }
    Ok((graph, pairs.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use smidgen_ir::Interpreter;
    use smidgen_ir::build::{Builder, Conv, Parameter};

    /// A convolution, a depthwise and a pointwise one, with channels whose sizes are factors of ten apart.
    fn ill(relu6: bool) -> Graph {
        let mut at = 0u32;
        let mut net = Builder::new("ill", move |parameter: &Parameter<'_>| {
            let channels = *parameter.shape.last().unwrap_or(&1);
            let first = parameter.shape.len() == 4 && parameter.shape[0] == 8 && channels == 2;
            (0..parameter.n_elements())
                .map(|element| {
                    at = at.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let noise = (at >> 8) as f32 / (1 << 23) as f32 - 1.0;
                    let channel = if first { element / 18 } else { element % channels };
                    noise * 10f32.powi(if first { channel as i32 % 4 - 2 } else { 0 })
                })
                .collect()
        });
        let x = net.input("x", &[1, 6, 6, 2]);
        let conv = Conv::new(8, [3, 3]);
        let x = net.conv_2d(x, if relu6 { conv.activation(Activation::Relu6) } else { conv.relu() });
        let x = net.depthwise_conv_2d(x, Conv::new(1, [3, 3]).relu());
        let x = net.conv_2d(x, Conv::new(4, [1, 1]));
        net.finish(&[x]).unwrap()
    }

    fn run(graph: &Graph) -> Vec<f32> {
        let input: Vec<u8> = (0..72).flat_map(|at| ((at as f32) * 0.7).sin().to_le_bytes()).collect();
        let output = Interpreter::new(graph).unwrap().run(&input).unwrap();
        output.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect()
    }

    #[test]
    fn nothing_changes_but_the_ranges_which_become_alike() {
        let graph = ill(false);
        let mut context = Context::new(&[]);
        let equal = apply(&graph, &Config::default(), &mut context).unwrap();
        assert!(context.log[0].contains("2 pair(s)"), "{:?}", context.log);
        let (before, after) = (run(&graph), run(&equal));
        let peak = before.iter().fold(0.0f32, |peak, value| peak.max(value.abs()));
        assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() < 1e-5 * peak));
        let spread = |graph: &Graph| {
            let filter = graph.nodes[0].inputs[1].unwrap();
            let magnitudes = magnitudes(graph.tensor(filter), 0, 8);
            magnitudes.iter().copied().fold(0.0, f32::max)
                / magnitudes.iter().copied().fold(f32::INFINITY, f32::min)
        };
        assert!(
            spread(&graph) > 500.0 && spread(&equal) < 0.3 * spread(&graph),
            "{} {}",
            spread(&graph),
            spread(&equal)
        );
        for pair in pairs(&equal) {
            let r1 = magnitudes(equal.tensor(pair.first.0), pair.first.1, pair.channels);
            let r2 = magnitudes(equal.tensor(pair.second.0), pair.second.1, pair.channels);
            assert!(r1.iter().zip(&r2).all(|(a, b)| (a / b - 1.0).abs() < 0.01), "{r1:?} {r2:?}");
        }
    }

    #[test]
    fn what_is_disturbed_computes_the_same_with_other_weights() {
        let graph = ill(false);
        let mut factors = [0.1f32, 3.0, 20.0].into_iter().cycle();
        let (other, n_pairs) = disturb(&graph, &mut || factors.next().unwrap()).unwrap();
        assert_eq!(n_pairs, 2);
        let (before, after) = (run(&graph), run(&other));
        let peak = before.iter().fold(0.0f32, |peak, value| peak.max(value.abs()));
        assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() < 1e-5 * peak));
        let filter = |graph: &Graph| graph.tensor(graph.nodes[0].inputs[1].unwrap()).f32s().unwrap();
        assert!((filter(&graph)[0] / filter(&other)[0] - 0.1).abs() < 1e-5);
    }

    #[test]
    fn what_does_not_scale_stays() {
        let graph = ill(true);
        let mut context = Context::new(&[]);
        let equal = apply(&graph, &Config::default(), &mut context).unwrap();
        assert!(context.log[0].contains("1 pair(s)"), "{:?}", context.log);
        assert_eq!(run(&equal).len(), run(&graph).len());
    }
}
