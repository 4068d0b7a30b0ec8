//! Takes out channels that are the same for every input, and channels that nobody looks at.
//!
//! Where [`bounds`] say that a channel of an int8 activation always has one value, what reads it adds the same to every sum: that
//! goes into the reader's bias, and the channel goes with the filter that makes it, through depthwise layers, sums, pools and
//! concatenations (the classes of [`channels`]). At the border of a layer with padding a constant is not there, so only one that
//! stands for 0 may go before such a layer. A channel whose weights are all 0 in every reader goes whatever it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::bounds::{Bounds, bounds};
use crate::channels::{self, Channels, Class, makers};
use crate::error::IrError;
use crate::graph::{Graph, Node, TensorIdx};
use crate::ops::{Op, Padding};
use crate::tensor::{DType, Quant, Tensor};

/// The graph without constant channels of int8 activations, each layer with one channel at least.
///
/// # Errors
/// [`IrError::Invalid`] for a graph that the verifier refuses.
pub fn constant_channels(graph: &Graph) -> Result<Graph, IrError> {
    graph.verify().map_err(IrError::Invalid)?;
    let mut graph = graph.clone();
    // What goes may leave other channels without a reader, or with a single value.
    while let Some(smaller) = without_some(&graph)? {
        graph = smaller;
    }
    Ok(graph)
}

/// One round; `None` where nothing goes.
fn without_some(graph: &Graph) -> Result<Option<Graph>, IrError> {
    let groups = Channels::of(graph).groups(graph, &makers(graph));
    if groups.is_empty() {
        return Ok(None);
    }
    let mut left: Vec<usize> = graph.tensors.iter().map(|t| t.shape.last().copied().unwrap_or(1)).collect();
    let mut fold = Fold { graph, known: bounds(graph), biases: BTreeMap::new() };
    let mut removed: Vec<&Class> = Vec::new();
    for class in groups.iter().flat_map(|group| &group.classes) {
        let mut of_tensor: BTreeMap<usize, usize> = BTreeMap::new();
        class.iter().for_each(|(tensor, _)| *of_tensor.entry(*tensor).or_default() += 1);
        // A layer keeps one channel.
        if of_tensor.iter().any(|(tensor, n)| left[*tensor] <= *n) || !fold.take(class) {
            continue;
        }
        of_tensor.into_iter().for_each(|(tensor, n)| left[tensor] -= n);
        removed.push(class);
    }
    if removed.is_empty() {
        return Ok(None);
    }
    let folded = fold.folded();
    channels::without(&folded, removed.into_iter()).map(Some)
}

/// Biases as channels go.
struct Fold<'a> {
    graph: &'a Graph,
    known: Vec<Option<Bounds>>,
    /// New biases of layers by their position.
    biases: BTreeMap<usize, Vec<i32>>,
}

impl Fold<'_> {
    /// Moves what a class of channels adds into the biases of its readers; false, and nothing is moved, where that cannot be.
    fn take(&mut self, class: &Class) -> bool {
        let tensors: BTreeSet<usize> = class.iter().map(|(tensor, _)| *tensor).collect();
        let is_cut = |&tensor: &usize| {
            let idx = TensorIdx(tensor as u32);
            let makes = self.graph.nodes.iter().filter(|node| node.outputs.contains(&idx));
            self.graph.tensors[tensor].dtype == DType::I8
                && makes.into_iter().all(|node| is_plain(self.graph, node))
        };
        if !tensors.iter().all(is_cut) {
            return false;
        }
        let mut biases = BTreeMap::new();
        for (at, node) in self.graph.nodes.iter().enumerate() {
            let Some(input) = node.inputs.first().copied().flatten() else { continue };
            let read: Vec<usize> = class
                .iter()
                .filter(|(tensor, _)| *tensor == input.idx())
                .map(|(_, channel)| *channel)
                .collect();
            if read.is_empty() || !matches!(node.op, Op::Conv2d(_) | Op::FullyConnected(_)) {
                continue;
            }
            match self.bias_without(at, node, input, &read) {
                Some(bias) => biases.insert(at, bias),
                None => return false,
            };
        }
        self.biases.extend(biases);
        true
    }

    /// The bias of a layer when these channels of its input are in it.
    fn bias_without(&self, at: usize, node: &Node, input: TensorIdx, read: &[usize]) -> Option<Vec<i32>> {
        let filter = self.graph.tensor(node.inputs.get(1).copied().flatten()?);
        let weights = filter.i8s().filter(|_| is_plain(self.graph, node))?;
        let n_out = *filter.shape.first()?;
        let mut bias = match (self.biases.get(&at), node.inputs.get(2).copied().flatten()) {
            (Some(known), _) => known.clone(),
            (None, Some(bias)) => self.graph.tensor(bias).i32s()?,
            (None, None) => vec![0; n_out],
        };
        let tensor = self.graph.tensor(input);
        let (n_in, zero_point) =
            (tensor.shape.last().copied()?, tensor.quant.as_ref()?.zero_points.first().copied()?);
        // FULLY_CONNECTED may read several pixels in a row: their channels follow each other.
        let row = weights.len() / n_out.max(1);
        for &channel in read {
            let of_channel = |at: usize| (channel..row).step_by(n_in).map(move |place| at * row + place);
            if (0..n_out).flat_map(of_channel).all(|at| weights[at] == 0) {
                continue;
            }
            let value = self.known.get(input.idx())?.as_ref()?.constant(channel, n_in)?;
            let real = i64::from(value) - i64::from(zero_point);
            if real != 0 && has_border(&node.op, filter) {
                return None;
            }
            for (at, bias) in bias.iter_mut().enumerate() {
                let sum: i64 = of_channel(at).map(|at| i64::from(weights[at])).sum();
                *bias = i32::try_from(i64::from(*bias) + sum * real).ok()?;
            }
        }
        Some(bias)
    }

    /// The graph with the new biases.
    fn folded(self) -> Graph {
        let mut folded = self.graph.clone();
        for (at, bias) in self.biases {
            let node = &self.graph.nodes[at];
            let old = node.inputs.get(2).copied().flatten().map(|bias| self.graph.tensor(bias));
            if old.and_then(Tensor::i32s).is_some_and(|old| old == bias)
                || (old.is_none() && bias.iter().all(|b| *b == 0))
            {
                continue;
            }
            let tensor =
                old.map_or_else(|| new_bias(self.graph, node, &bias), |old| Some(with_values(old, &bias)));
            if let Some(tensor) = tensor {
                let tensor = folded.add_tensor(tensor);
                let inputs = &mut folded.nodes[at].inputs;
                inputs.resize(3, None);
                inputs[2] = Some(tensor);
            }
        }
        folded
    }
}

/// Whether a layer is of plain int8 weights that can be cut, or has none.
fn is_plain(graph: &Graph, node: &Node) -> bool {
    if channels::filter_axis(&node.op).is_none() {
        return true;
    }
    let filter = node.inputs.get(1).copied().flatten().map(|filter| graph.tensor(filter));
    let bias = node.inputs.get(2).copied().flatten().map(|bias| graph.tensor(bias));
    let is_symmetric = |quant: &Quant| quant.zero_points.iter().all(|&zero_point| zero_point == 0);
    filter.is_some_and(|filter| {
        filter.dtype == DType::I8 && filter.is_const() && filter.quant.as_ref().is_some_and(is_symmetric)
    }) && bias.is_none_or(|bias| bias.dtype == DType::I32 && bias.is_const())
}

/// Whether a window may lie over the border.
fn has_border(op: &Op, filter: &Tensor) -> bool {
    match op {
        Op::Conv2d(conv) => conv.padding == Padding::Same && filter.shape.get(1..3) != Some(&[1, 1]),
        _ => false,
    }
}

fn with_values(bias: &Tensor, values: &[i32]) -> Tensor {
    let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Tensor { data: Some(data), ..bias.clone() }
}

/// A bias for a layer that has none: its scales are those of the sums.
fn new_bias(graph: &Graph, node: &Node, values: &[i32]) -> Option<Tensor> {
    let [input, filter] = [0, 1].map(|at| node.inputs.get(at).copied().flatten().map(|t| graph.tensor(t)));
    let scale = *input?.quant.as_ref()?.scales.first()?;
    let scales: Vec<f32> = filter?.quant.as_ref()?.scales.iter().map(|filter| scale * filter).collect();
    let quant = Quant { zero_points: vec![0; scales.len()], scales, axis: 0 };
    Some(Tensor::const_i32(format!("{}/bias", filter?.name), vec![values.len()], values, Some(quant)))
}

#[cfg(test)]
mod tests;
