//! The int8 graph from the float graph and the ranges of its activations.

use super::adaptive_rounding::Grams;
use super::bias_correction::Means;
use super::borders::conversion;
use super::precision::{Precision, handed_on};
use super::recurrent::{self, BIASES, INPUT_WEIGHTS, N_GATES, RECURRENT_WEIGHTS};
use super::weights::{self, Input, Layout};
use super::{Config, tensor_place};
use crate::CompressError;
use crate::quantize::{quantize_value, quantize_value_16};
use crate::weight_clustering::has_one_scale;
use smidgen_ir::Range;
use smidgen_ir::{DType, Graph, Node, NodeIdx, Op, OutputQuant, Quant, Tensor, TensorIdx};
use std::collections::BTreeMap;

/// The results of ADD and SUB are at least this many times as coarse as its coarser operand, so that the factor which takes
/// the sum (20 bits finer than twice the coarser operand) to the result stays below 1.
const ADD_MIN_SCALE: f32 = 1.0 / (1 << 18) as f32;

/// One scale for a whole filter of 8 bits.
const PER_TENSOR: Layout = Layout { axis: 0, per_channel: false, bits: 8, is_wide: false };

/// Replaces types, scales and constants; the float constants stay behind unused.
///
/// # Errors
/// A node or tensor that cannot be quantised.
pub(super) fn rewrite(
    graph: &Graph,
    seen: Seen<'_>,
    config: &Config,
    log: &mut Vec<String>,
) -> Result<Graph, CompressError> {
    let nodes = Vec::with_capacity(graph.nodes.len());
    let now = config.precision();
    let copies = BTreeMap::new();
    let mut quantized = graph.clone();
    // Nothing is pruned by them any more.
    quantized.meta.set_norm_scales(&BTreeMap::new());
    let mut rewriter = Rewriter { graph: quantized, nodes, seen, config, log, now, copies };
    rewriter.log.push(row("activation", "min", "max", "scale", "zero point"));
    for &input in &graph.inputs {
        let range = rewriter.range(input)?;
        let quant = rewriter.quant(range);
        rewriter.set(input, quant, "input");
    }
    for (at, node) in (0u32..).zip(&graph.nodes) {
        rewriter.node(NodeIdx(at), node)?;
    }
    rewriter.now = config.precision();
    rewriter.settle_outputs()?;
    rewriter.graph.nodes = std::mem::take(&mut rewriter.nodes);
    if config.float_io {
        rewriter.float_inputs();
        rewriter.float_outputs();
    }
    Ok(rewriter.graph)
}

/// What calibration saw of the activations.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) ranges: &'a [Option<Range>],
    /// Where biases are corrected.
    pub(super) means: &'a Means,
    /// Where rounding is adaptive.
    pub(super) grams: &'a Grams,
    /// Scales of filters that training has learnt, by tensor.
    pub(super) scales: &'a BTreeMap<usize, Vec<f32>>,
}

pub(super) struct Rewriter<'a> {
    pub(super) graph: Graph,
    /// The nodes so far, with the QUANTIZE nodes that bring operands to one scale.
    pub(super) nodes: Vec<Node>,
    seen: Seen<'a>,
    config: &'a Config,
    log: &'a mut Vec<String>,
    /// Precision of the node that is being rewritten.
    now: Precision,
    /// Activations in another type than they were made in.
    pub(super) copies: BTreeMap<(TensorIdx, DType), TensorIdx>,
}

impl Rewriter<'_> {
    fn node(&mut self, idx: NodeIdx, node: &Node) -> Result<(), CompressError> {
        self.now = self.precision(node);
        let has_none = match node.op {
            Op::UnidirectionalSequenceLstm(_) => self.is_wide(),
            Op::Gru(_) => true,
            _ => false,
        };
        if has_none && self.now != Precision::Float32 {
            self.log.push(format!("{}: stays float32, it has no int8 form", self.graph.describe(idx)));
            self.now = Precision::Float32;
        }
        self.convert_inputs(idx)?;
        match node.op {
            _ if self.now == Precision::Float32 => {
                self.nodes.push(self.graph.nodes[idx.idx()].clone());
                Ok(())
            }
            Op::UnidirectionalSequenceLstm(_) => self.lstm(idx, node),
            _ => self.int8_node(idx, node),
        }
    }

    /// What was asked for, that of the input where the node keeps its scale, or that of all.
    fn precision(&self, node: &Node) -> Precision {
        let of_input = || match self.graph.tensor(handed_on(&self.graph, node)?).dtype {
            DType::F32 => Some(Precision::Float32),
            DType::I16 => Some(Precision::Int16x8),
            _ => None,
        };
        self.config.asked(&self.graph, node).or_else(of_input).unwrap_or_else(|| self.config.precision())
    }

    pub(super) fn is_wide(&self) -> bool {
        self.now == Precision::Int16x8
    }

    /// The type of the node's activations.
    pub(super) fn dtype(&self) -> DType {
        self.now.dtype()
    }

    /// The scale and zero point of an activation.
    pub(super) fn quant(&self, range: Range) -> Quant {
        if self.is_wide() { range.activation_quant_16() } else { range.activation_quant() }
    }

    fn int8_node(&mut self, idx: NodeIdx, node: &Node) -> Result<(), CompressError> {
        let at = |graph: &Graph, message| CompressError::Place { place: graph.describe(idx), message };
        let layout =
            layout(&self.graph, node, self.config).map(|layout| Layout { is_wide: self.is_wide(), ..layout });
        if let Some(layout) = layout {
            self.weights(idx, node, layout).map_err(|message| at(&self.graph, message))?;
        }
        let shared = self.shared_quant(node, layout)?;
        // All operands of an operator without weights are activations, even where they are constant.
        let n_activations = if layout.is_some() { 1 } else { node.inputs.len() };
        for (operand, &input) in node.inputs.iter().enumerate().take(n_activations) {
            if let Some(input) = input.filter(|&input| is_float_constant(self.graph.tensor(input))) {
                let tensor = self.graph.tensor(input);
                let constant = constant(tensor, shared.as_ref(), self.is_wide())
                    .map_err(|message| at(&self.graph, message))?;
                let constant = self.graph.add_tensor(constant);
                self.graph.nodes[idx.idx()].inputs[operand] = Some(constant);
            }
        }
        if let Some(shared) = &shared {
            self.bring_to(idx, shared);
        }
        for &output in &node.outputs {
            if self.graph.tensor(output).dtype == DType::F32 {
                let quant = match &shared {
                    Some(shared) => shared.clone(),
                    None => self.output_quant(idx, output)?,
                };
                self.set(output, quant, node.op.name());
            }
        }
        self.nodes.push(self.graph.nodes[idx.idx()].clone());
        Ok(())
    }

    /// A recurrent layer: its weights, its states, its result.
    fn lstm(&mut self, idx: NodeIdx, node: &Node) -> Result<(), CompressError> {
        let &[output] = node.outputs.as_slice() else { return self.int8_node(idx, node) };
        let quant = self.range(output)?.activation_quant();
        for gate in 0..N_GATES {
            let input_scale = node.inputs.first().copied().flatten().and_then(|input| self.scale(input));
            let hidden_scale = quant.scales.first().copied();
            let weights = [
                (input_scale, INPUT_WEIGHTS + gate, Some(BIASES + gate)),
                (hidden_scale, RECURRENT_WEIGHTS + gate, None),
            ];
            for (scale, filter, bias) in weights {
                self.weights_at(idx, node, PER_TENSOR, scale, filter, bias)
                    .map_err(|message| CompressError::Place { place: self.graph.describe(idx), message })?;
            }
        }
        recurrent::set_states(&mut self.graph, node, &quant, self.seen.ranges)?;
        self.set(output, quant, node.op.name());
        self.nodes.push(self.graph.nodes[idx.idx()].clone());
        Ok(())
    }

    fn scale(&self, idx: TensorIdx) -> Option<f32> {
        self.graph.tensor(idx).quant.as_ref().and_then(|quant| quant.scales.first().copied())
    }

    /// The one quantisation of all operands and the result of an operator that keeps its input's and has several:
    /// CONCATENATION, MAXIMUM. It is that of the result, which holds the values of all.
    fn shared_quant(&self, node: &Node, layout: Option<Layout>) -> Result<Option<Quant>, CompressError> {
        let is_real = |idx: &TensorIdx| {
            let tensor = self.graph.tensor(*idx);
            tensor.quant.is_some() || tensor.dtype == DType::F32
        };
        let n_real = node.inputs.iter().flatten().filter(|idx| is_real(idx)).count();
        let keeps = node.op.output_quant() == OutputQuant::SameAsInput;
        let &[output] = node.outputs.as_slice() else { return Ok(None) };
        if layout.is_some() || !keeps || n_real < 2 {
            return Ok(None);
        }
        Ok(Some(self.quant(self.range(output)?)))
    }

    /// Puts a QUANTIZE before each int8 operand that has another quantisation than `shared`.
    fn bring_to(&mut self, idx: NodeIdx, shared: &Quant) {
        for operand in 0..self.graph.nodes[idx.idx()].inputs.len() {
            let Some(input) = self.graph.nodes[idx.idx()].inputs[operand] else { continue };
            let tensor = self.graph.tensor(input);
            if tensor.dtype != self.dtype() || tensor.quant.as_ref() == Some(shared) {
                continue;
            }
            let name = format!("{}_rescaled", tensor.name);
            let rescaled = Tensor::activation(name, self.dtype(), tensor.shape.clone());
            let rescaled = self.graph.add_tensor(Tensor { quant: Some(shared.clone()), ..rescaled });
            let op = conversion(self.dtype());
            self.nodes.push(Node { op, inputs: vec![Some(input)], outputs: vec![rescaled] });
            self.graph.nodes[idx.idx()].inputs[operand] = Some(rescaled);
        }
    }

    fn weights(&mut self, idx: NodeIdx, node: &Node, layout: Layout) -> Result<(), String> {
        // The activation as the node gets it.
        let input = self.graph.nodes[idx.idx()].inputs.first().copied().flatten();
        let scale = input.and_then(|input| self.scale(input));
        self.weights_at(idx, node, layout, scale, 1, Some(2))
    }

    /// Replaces the filter and the bias of a node at these operands, whose other factor has `input_scale`.
    fn weights_at(
        &mut self,
        idx: NodeIdx,
        node: &Node,
        layout: Layout,
        input_scale: Option<f32>,
        filter: usize,
        bias: Option<usize>,
    ) -> Result<(), String> {
        let operand = |at: usize| node.inputs.get(at).copied().flatten();
        let tensor = |at: usize| operand(at).map(|idx| self.graph.tensor(idx));
        let input_scale = input_scale.ok_or("its input must be an activation")?;
        let weights = tensor(filter).ok_or("its filter is missing")?;
        let means = node.inputs.first().copied().flatten().and_then(|input| self.seen.means.get(input.idx()));
        let means = means.filter(|means| !means.is_empty()).map(Vec::as_slice);
        let gram = self.seen.grams.get(&idx.idx()).filter(|_| layout.bits == 8);
        let scales =
            operand(filter).and_then(|filter| self.seen.scales.get(&filter.idx())).map(Vec::as_slice);
        let input = Input { scale: input_scale, means, gram, scales };
        let weights = weights::quantize(weights, bias.and_then(tensor), layout, input)?;
        if weights.n_turned > 0 {
            let (place, n) = (self.graph.describe(idx), weights.n_turned);
            self.log.push(format!("{place}: {n} weight(s) not rounded to the nearest step"));
        }
        if weights.n_widened > 0 {
            let (place, n) = (self.graph.describe(idx), weights.n_widened);
            self.log
                .push(format!("{place}: {n} filter scale(s) coarser than the weights need, to fit the bias"));
        }
        let made = [(Some(filter), Some(weights.filter)), (bias, weights.bias)];
        for (at, tensor) in made.into_iter().filter_map(|(at, tensor)| at.zip(tensor)) {
            let tensor = self.graph.add_tensor(tensor);
            if let Some(slot) = self.graph.nodes[idx.idx()].inputs.get_mut(at) {
                *slot = Some(tensor);
            }
        }
        Ok(())
    }

    fn output_quant(&self, idx: NodeIdx, output: TensorIdx) -> Result<Quant, CompressError> {
        let node = &self.graph.nodes[idx.idx()];
        let operands = node.inputs.iter().flatten().map(|&input| self.graph.tensor(input).quant.as_ref());
        let missing =
            |message: &str| CompressError::Place { place: self.graph.describe(idx), message: message.into() };
        match node.op.output_quant() {
            OutputQuant::SameAsInput => {
                let input = operands.clone().flatten().next();
                input.cloned().ok_or_else(|| missing("its input has no scale"))
            }
            // Probabilities and what lies in -1 to 1 take the whole of 16 bits.
            OutputQuant::Fixed(_) if self.is_wide() => Ok(Quant::per_tensor(1.0 / 32768.0, 0)),
            OutputQuant::Fixed(quant) => Ok(quant),
            OutputQuant::Calibrated => {
                let range = self.range(output)?;
                let (Op::Add(_) | Op::Sub(_)) = node.op else { return Ok(self.quant(range)) };
                if self.is_wide() {
                    return Ok(self.quant(range));
                }
                let scales = operands.flatten().flat_map(|quant| &quant.scales);
                let coarsest = scales.copied().fold(0.0, f32::max);
                Ok(range.activation_quant_at_least((coarsest * ADD_MIN_SCALE).max(1e-8)))
            }
            OutputQuant::NotQuantized => Err(missing("it gives float32 in the middle of an int8 graph")),
        }
    }

    pub(super) fn range(&self, idx: TensorIdx) -> Result<Range, CompressError> {
        self.seen.ranges.get(idx.idx()).copied().flatten().ok_or_else(|| CompressError::Place {
            place: tensor_place(&self.graph, idx),
            message: "calibration has not seen it".into(),
        })
    }

    /// Makes an activation int8 and logs it.
    fn set(&mut self, idx: TensorIdx, quant: Quant, made_by: &str) {
        let dtype = self.dtype();
        let number = |value: Option<f32>| value.map_or_else(String::new, |value| format!("{value:.6}"));
        let range = self.seen.ranges.get(idx.idx()).copied().flatten();
        let tensor = self.graph.tensor_mut(idx);
        let scale = quant.scales.first().map_or_else(String::new, |scale| format!("{scale:e}"));
        let zero_point = quant.zero_points.first().map_or_else(String::new, i32::to_string);
        let (min, max) = (number(range.map(|range| range.min)), number(range.map(|range| range.max)));
        self.log.push(row(&format!("{made_by} {}", tensor.name), &min, &max, &scale, &zero_point));
        tensor.dtype = dtype;
        tensor.quant = Some(quant);
    }
}

/// Where the output channels of a weighted operator's filter lie, and whether they have their own scales. Weights that are
/// computed are activations.
pub(crate) fn layout(graph: &Graph, node: &Node, config: &Config) -> Option<Layout> {
    let filter = node.inputs.get(1).copied().flatten();
    filter.filter(|&filter| graph.tensor(filter).is_const())?;
    let (axis, per_channel) = match &node.op {
        Op::Conv2d(_) => (0, config.per_channel),
        Op::DepthwiseConv2d(_) => (3, config.per_channel),
        Op::FullyConnected(_) => (0, config.per_channel_fully_connected),
        _ => return None,
    };
    let per_channel = per_channel && !has_one_scale(graph, node);
    // A depthwise filter has few weights, which all matter.
    let bits = if matches!(node.op, Op::DepthwiseConv2d(_)) { 8 } else { config.bits(graph, node) };
    Some(Layout { axis, per_channel, bits, is_wide: config.activation_bits == 16 })
}

fn is_float_constant(tensor: &Tensor) -> bool {
    tensor.is_const() && tensor.dtype == DType::F32
}

/// A constant that stands where an activation may, as an operand of ADD: asymmetric, by its own range unless it shares
/// the quantisation of its neighbours.
fn constant(tensor: &Tensor, shared: Option<&Quant>, is_wide: bool) -> Result<Tensor, String> {
    let values = tensor.f32s().ok_or_else(|| format!("its operand \"{}\" must be float32", tensor.name))?;
    let range = Range::of(&values)
        .map_err(|bad| format!("its operand \"{}\" holds {bad}; expected finite values", tensor.name))?;
    let own = range.unwrap_or(Range { min: 0.0, max: 0.0 });
    let free = || if is_wide { own.activation_quant_16() } else { own.activation_quant() };
    let quant = shared.cloned().unwrap_or_else(free);
    let (scale, zero_point) = match (quant.scales.as_slice(), quant.zero_points.as_slice()) {
        (&[scale], &[zero_point]) => (scale, zero_point),
        _ => return Err(format!("its operand \"{}\" has no scale", tensor.name)),
    };
    if is_wide {
        let data = values.iter().flat_map(|&value| quantize_value_16(value, scale).to_le_bytes()).collect();
        let wide = Tensor::activation(tensor.name.clone(), DType::I16, tensor.shape.clone());
        return Ok(Tensor { data: Some(data), quant: Some(quant), ..wide });
    }
    let steps: Vec<i8> = values.iter().map(|&value| quantize_value(value, scale, zero_point)).collect();
    Ok(Tensor::const_i8(tensor.name.clone(), tensor.shape.clone(), &steps, quant))
}

fn row(name: &str, min: &str, max: &str, scale: &str, zero_point: &str) -> String {
    format!("  {name:<44} {min:>14} {max:>14} {scale:>14} {zero_point:>10}")
}
