//! Which channels of a graph belong together: what may only be removed as a whole.
//!
//! The last dimension of an activation is its channels. Most operators keep them apart from each other: channel `c` of the
//! result is made of channel `c` of the operands, so both go or both stay. Convolutions and FULLY_CONNECTED mix their
//! input's channels and make new ones: there the links end. The classes of linked channels are what pruning removes, and what the
//! pass for constant channels removes.

mod cut;

use std::collections::BTreeMap;

pub use cut::without;

use crate::{Graph, Node, Op, TensorIdx};

/// The channels of all activations, linked (a forest of disjoint sets).
#[derive(Debug)]
pub struct Channels {
    /// First channel of each tensor.
    first: Vec<usize>,
    parent: Vec<usize>,
    fixed: Vec<bool>,
}

/// Channels that are linked: the tensor and its channel, in order.
pub type Class = Vec<(usize, usize)>;

/// Classes that run through the same tensors: what one layer, or several that meet in an ADD, make.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The tensors.
    pub tensors: Vec<usize>,
    /// Each is one channel of every tensor, or several where channels were laid side by side.
    pub classes: Vec<Class>,
}

fn depth(graph: &Graph, tensor: TensorIdx) -> usize {
    graph.tensor(tensor).shape.last().copied().unwrap_or(1)
}

impl Channels {
    /// Links the channels of a verified graph.
    pub fn of(graph: &Graph) -> Self {
        let mut first = Vec::with_capacity(graph.tensors.len());
        let mut n = 0;
        for tensor in &graph.tensors {
            first.push(n);
            n += tensor.shape.last().copied().unwrap_or(1);
        }
        let mut channels = Channels { first, parent: (0..n).collect(), fixed: vec![false; n] };
        for &end in graph.inputs.iter().chain(&graph.outputs) {
            channels.fix(graph, end);
        }
        graph.nodes.iter().for_each(|node| channels.node(graph, node));
        channels
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    fn link(&mut self, a: (TensorIdx, usize), b: (TensorIdx, usize)) {
        let (a, b) = (self.first[a.0.idx()] + a.1, self.first[b.0.idx()] + b.1);
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = (a.min(b), a.max(b));
        self.parent[high] = low;
        self.fixed[low] |= self.fixed[high];
    }

    fn link_all(&mut self, graph: &Graph, a: TensorIdx, b: TensorIdx) {
        (0..depth(graph, a)).for_each(|channel| self.link((a, channel), (b, channel)));
    }

    fn fix(&mut self, graph: &Graph, tensor: TensorIdx) {
        for channel in 0..depth(graph, tensor) {
            let root = self.root(self.first[tensor.idx()] + channel);
            self.fixed[root] = true;
        }
    }

    fn fix_node(&mut self, graph: &Graph, node: &Node) {
        let ends = node.inputs.iter().flatten().chain(&node.outputs);
        ends.filter(|&&tensor| !graph.tensor(tensor).is_const()).for_each(|&tensor| self.fix(graph, tensor));
    }

    fn node(&mut self, graph: &Graph, node: &Node) {
        let (Some(&Some(input)), &[output]) = (node.inputs.first(), node.outputs.as_slice()) else {
            return self.fix_node(graph, node);
        };
        let constant = |at: usize| {
            node.inputs.get(at).copied().flatten().map(|tensor| graph.tensor(tensor)).filter(|t| t.is_const())
        };
        let (n_in, n_out) = (depth(graph, input), depth(graph, output));
        let is_free = match &node.op {
            // In groups of channels, or with filters that are computed, nothing is known.
            Op::Conv2d(_) => constant(1).is_some_and(|filter| filter.shape.get(3) == Some(&n_in)),
            Op::FullyConnected(_) => {
                constant(1).is_some_and(|weights| weights.shape.get(1).is_some_and(|n| n % n_in.max(1) == 0))
            }
            Op::DepthwiseConv2d(_) if constant(1).is_some() && n_out.is_multiple_of(n_in.max(1)) => {
                (0..n_out).for_each(|channel| self.link((output, channel), (input, channel * n_in / n_out)));
                true
            }
            Op::Concatenation(op) => self.concatenation(graph, node, op.axis),
            Op::Mean(op) => {
                let last = graph.tensor(input).shape.len() as i32 - 1;
                let is_apart = op.axes.iter().all(|&axis| axis != -1 && axis != last);
                is_apart && self.by_channel(graph, node, output)
            }
            Op::Reshape(_) | Op::Squeeze(_) | Op::ExpandDims(_) => self.reshape(graph, input, output),
            op if keeps_channels(op) => self.by_channel(graph, node, output),
            _ => false,
        };
        if !is_free {
            self.fix_node(graph, node);
        }
    }

    /// Channels laid side by side, or the same channels of several.
    fn concatenation(&mut self, graph: &Graph, node: &Node, axis: i32) -> bool {
        let Some(&output) = node.outputs.first() else { return false };
        let rank = graph.tensor(output).shape.len() as i32;
        let is_last = axis == -1 || axis == rank - 1;
        let mut at = 0;
        for &input in node.inputs.iter().flatten() {
            if graph.tensor(input).is_const() {
                return false;
            }
            for channel in 0..depth(graph, input) {
                self.link((output, at + channel), (input, channel));
            }
            at += if is_last { depth(graph, input) } else { 0 };
        }
        true
    }

    /// The same channels, or rows of pixels one after the other.
    fn reshape(&mut self, graph: &Graph, input: TensorIdx, output: TensorIdx) -> bool {
        let (n_in, n_out) = (depth(graph, input), depth(graph, output));
        let is_whole = n_in > 0 && n_out.is_multiple_of(n_in);
        if is_whole {
            (0..n_out).for_each(|channel| self.link((output, channel), (input, channel % n_in)));
        }
        is_whole
    }

    /// Each channel of the result comes from that channel of every operand.
    fn by_channel(&mut self, graph: &Graph, node: &Node, output: TensorIdx) -> bool {
        let n = depth(graph, output);
        for &input in node.inputs.iter().flatten() {
            let is_const = graph.tensor(input).is_const();
            match depth(graph, input) {
                own if own == n && !is_const => self.link_all(graph, output, input),
                own if own == n || (own == 1 && is_const) => {}
                // One channel for all of the result's.
                1 => self.fix(graph, input),
                _ => return false,
            }
        }
        true
    }

    /// The groups that may lose channels, in the order of their first tensor. `makers` are the tensors whose channels cost
    /// weights.
    pub fn groups(mut self, graph: &Graph, makers: &[usize]) -> Vec<Group> {
        let mut classes: BTreeMap<usize, Class> = BTreeMap::new();
        for (tensor, found) in graph.tensors.iter().enumerate().filter(|(_, tensor)| !tensor.is_const()) {
            for channel in 0..found.shape.last().copied().unwrap_or(1) {
                let root = self.root(self.first[tensor] + channel);
                if !self.fixed[root] {
                    classes.entry(root).or_default().push((tensor, channel));
                }
            }
        }
        let mut groups: BTreeMap<Vec<usize>, Vec<Class>> = BTreeMap::new();
        for class in classes.into_values() {
            if class.iter().any(|(tensor, _)| makers.contains(tensor)) {
                let mut tensors: Vec<usize> = class.iter().map(|&(tensor, _)| tensor).collect();
                tensors.dedup();
                groups.entry(tensors).or_default().push(class);
            }
        }
        groups.into_iter().map(|(tensors, classes)| Group { tensors, classes }).collect()
    }
}

/// Whether an operator makes each channel of its result from that channel alone, at any place.
fn keeps_channels(op: &Op) -> bool {
    match op {
        Op::Pad(op) => op.paddings.last().is_none_or(|sides| *sides == [0, 0]),
        _ => matches!(
            op,
            Op::Abs(_)
                | Op::Add(_)
                | Op::AveragePool2d(_)
                | Op::BatchNormalization(_)
                | Op::Div(_)
                | Op::Elu(_)
                | Op::Exp(_)
                | Op::Gelu(_)
                | Op::HardSwish(_)
                | Op::LeakyRelu(_)
                | Op::Logistic(_)
                | Op::MaxPool2d(_)
                | Op::Maximum(_)
                | Op::Minimum(_)
                | Op::Mul(_)
                | Op::Neg(_)
                | Op::Dequantize(_)
                | Op::Prelu(_)
                | Op::Quantize(_)
                | Op::Relu(_)
                | Op::Relu6(_)
                | Op::ReluN1To1(_)
                | Op::ResizeBilinear(_)
                | Op::ResizeNearestNeighbor(_)
                | Op::Sqrt(_)
                | Op::Square(_)
                | Op::Sub(_)
                | Op::Tanh(_)
        ),
    }
}

/// The activations whose channels have weights of their own: what convolutions and FULLY_CONNECTED make.
pub fn makers(graph: &Graph) -> Vec<usize> {
    let nodes = graph.nodes.iter().filter(|node| filter_axis(&node.op).is_some());
    nodes.flat_map(|node| node.outputs.iter().map(|output| output.idx())).collect()
}

/// The dimension of an operator's filter that its output channels lie along.
pub fn filter_axis(op: &Op) -> Option<usize> {
    match op {
        Op::Conv2d(_) | Op::FullyConnected(_) => Some(0),
        Op::DepthwiseConv2d(_) => Some(3),
        _ => None,
    }
}
