//! Makes a float model hard to quantise without changing what it computes: between two layers of a chain, channels get sizes up to
//! a factor apart, which the second layer takes back. `ill_conditioned FROM.tflite TO.tflite [FACTOR]`

use std::error::Error;

use smidgen_ir::{Activation, Graph, Op, Tensor, TensorIdx, passes};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (from, to, factor) = match arguments.as_slice() {
        [from, to] => (from, to, 30.0),
        [from, to, factor] => (from, to, factor.parse()?),
        _ => return Err("usage: ill_conditioned FROM.tflite TO.tflite [FACTOR]".into()),
    };
    let graph = smidgen_tflite::read(&std::fs::read(from)?)?;
    let mut graph = passes::fuse_activation(&passes::fold_batch_norm(&graph)?)?;
    let mut random = 1u32;
    let mut n_pairs = 0;
    for (first, second) in (0..graph.nodes.len()).zip(1..graph.nodes.len()) {
        let Some((out, into)) = axes(&graph, first, second) else { continue };
        let operand = |node: usize, at: usize| graph.nodes[node].inputs.get(at).copied().flatten();
        let (Some(filter), Some(next)) = (operand(first, 1), operand(second, 1)) else { continue };
        let bias = operand(first, 2);
        let n_channels = graph.tensor(filter).shape[out];
        let mut draw = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::powf(factor, (random >> 8) as f32 / (1 << 23) as f32 - 1.0)
        };
        let factors: Vec<f32> = (0..n_channels).map(|_| draw()).collect();
        let inverse: Vec<f32> = factors.iter().map(|factor| 1.0 / factor).collect();
        multiply(&mut graph, filter, out, &factors);
        bias.into_iter().for_each(|bias| multiply(&mut graph, bias, 0, &factors));
        multiply(&mut graph, next, into, &inverse);
        n_pairs += 1;
    }
    std::fs::write(to, smidgen_tflite::write(&graph)?)?;
    println!("{n_pairs} pairs of layers, channels up to {factor} times larger or smaller");
    Ok(())
}

/// The dimensions of the channels between two layers, where the first has RELU or no activation.
fn axes(graph: &Graph, first: usize, second: usize) -> Option<(usize, usize)> {
    let node = |at: usize| &graph.nodes[at];
    (node(second).inputs.first()? == &node(first).outputs.first().copied()).then_some(())?;
    let (out, activation) = match &node(first).op {
        Op::Conv2d(op) => (0, op.activation),
        Op::DepthwiseConv2d(op) => (3, op.activation),
        _ => return None,
    };
    let into = match &node(second).op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) => 3,
        _ => return None,
    };
    matches!(activation, Activation::None | Activation::Relu).then_some((out, into))
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
