//! The operators as the trainer runs them, one file each, and the enum that lists them.
//!
//! A layer is compiled from a node and works on the examples of one lane: `n` examples one after the other, each of the
//! shape that the graph gives. `forward` writes the whole result; `backward` writes the whole gradient of one input
//! and adds to the gradients of the parameters. What most networks spend their time in has a fast path of its own; all
//! else is a [`rule::Rule`].

pub(crate) mod add;
pub(crate) mod average_pool_2d;
mod batch_matmul;
pub(crate) mod batch_normalization;
mod binary;
mod broadcast;
pub(crate) mod conv_2d;
pub(crate) mod depthwise_conv_2d;
pub(crate) mod fake_quantize;
pub(crate) mod fully_connected;
mod gru;
pub(crate) mod max_pool_2d;
mod movement;
pub(crate) mod pad;
mod prelu;
mod reduction;
pub(crate) mod relu;
pub(crate) mod relu6;
pub(crate) mod reshape;
mod resize_bilinear;
mod rows;
mod rule;
mod sequence;
pub(crate) mod softmax;
mod transpose_conv;
mod unary;
mod unidirectional_sequence_lstm;

use std::ops::Range;
use std::sync::Arc;

use smidgen_ir::ops::Op;

use crate::activation::Clamp;
use crate::error::TrainError;
use crate::fake_quantization::Arithmetic;
use crate::operands::Operands;

/// What a constant operand is to the trainer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Filter or weights: trained, and subject to weight decay.
    Weights,
    /// Bias, gamma or beta: trained.
    Trained,
    /// Moving mean or variance of a batch normalisation: follows the batches.
    Moving,
}

/// The operands of `op` that are parameters, with their roles.
pub(crate) fn roles(op: &Op) -> &'static [(usize, Role)] {
    use Role::{Moving, Trained, Weights};
    match op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_) | Op::TransposeConv(_) => {
            &[(1, Weights), (2, Trained)]
        }
        Op::BatchNormalization(_) => &[(1, Trained), (2, Trained), (3, Moving), (4, Moving)],
        Op::Gru(_) => &[(1, Weights), (2, Weights), (3, Trained)],
        Op::Prelu(_) => &[(1, Trained)],
        Op::UnidirectionalSequenceLstm(_) => &[
            (1, Weights),
            (2, Weights),
            (3, Weights),
            (4, Weights),
            (5, Weights),
            (6, Weights),
            (7, Weights),
            (8, Weights),
            (9, Trained),
            (10, Trained),
            (11, Trained),
            (12, Trained),
        ],
        _ => &[],
    }
}

/// What `backward` reads.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    /// All trained parameters.
    pub(crate) params: &'a [f32],
    /// Operands; those that are no activations are empty.
    pub(crate) x: &'a [&'a [f32]],
    /// The result.
    pub(crate) y: &'a [f32],
    /// Gradient of the result before its activation.
    pub(crate) dy: &'a [f32],
}

/// What the lanes of a batch have in common besides the parameters.
#[derive(Clone, Copy)]
pub(crate) struct Common<'a> {
    /// By batch normalisation.
    pub(crate) norms: &'a [batch_normalization::Statistics],
    /// Of the int8 form.
    pub(crate) arithmetic: &'a Arithmetic,
}

/// A compiled node.
#[derive(Debug, Clone)]
pub(crate) enum Layer {
    Add(add::Layer),
    AveragePool2d(average_pool_2d::Layer),
    BatchNormalization(batch_normalization::Layer),
    Conv2d(conv_2d::Layer),
    DepthwiseConv2d(depthwise_conv_2d::Layer),
    FakeQuantize(fake_quantize::Layer),
    FullyConnected(fully_connected::Layer),
    MaxPool2d(max_pool_2d::Layer),
    Pad(pad::Layer),
    Relu(relu::Layer),
    Relu6(relu6::Layer),
    Reshape(reshape::Layer),
    Rule(Arc<dyn rule::Rule>),
    Softmax(softmax::Layer),
}

/// The rule of an operator without a fast path; `None` for an operator without gradient.
fn rule(op: &Op, operands: &Operands<'_>) -> Result<Option<Arc<dyn rule::Rule>>, TrainError> {
    fn some<R: rule::Rule + 'static>(
        made: Result<R, TrainError>,
    ) -> Result<Option<Arc<dyn rule::Rule>>, TrainError> {
        Ok(Some(Arc::new(made?)))
    }
    if let Some(function) = unary::function(op) {
        return some(unary::Layer::compile(function, operands));
    }
    if let Some(function) = binary::function(op) {
        return some(binary::Layer::compile(function, operands));
    }
    if let Some((kind, axes)) = reduction::kind(op) {
        return some(reduction::Layer::compile(kind, axes, operands));
    }
    if let Some(kind) = rows::kind(op) {
        return some(rows::Layer::compile(kind, operands));
    }
    match op {
        _ if movement::moves(op) => some(movement::Layer::compile(operands)),
        Op::BatchMatmul(op) => some(batch_matmul::Layer::compile(op, operands)),
        Op::Gru(op) => some(gru::Layer::compile(op, operands)),
        Op::Prelu(_) => some(prelu::Layer::compile(operands)),
        Op::ResizeBilinear(op) => some(resize_bilinear::Layer::compile(op, operands)),
        Op::TransposeConv(op) => some(transpose_conv::Layer::compile(op, operands)),
        Op::UnidirectionalSequenceLstm(op) => {
            some(unidirectional_sequence_lstm::Layer::compile(op, operands))
        }
        _ => Ok(None),
    }
}

impl Layer {
    /// Compiles a node; the error names it.
    pub(crate) fn compile(op: &Op, operands: &Operands<'_>) -> Result<Self, TrainError> {
        Ok(match op {
            Op::Add(op) => Layer::Add(add::Layer::compile(op, operands)?),
            Op::AveragePool2d(op) => Layer::AveragePool2d(average_pool_2d::Layer::compile(op, operands)?),
            Op::BatchNormalization(op) => {
                Layer::BatchNormalization(batch_normalization::Layer::compile(op, operands)?)
            }
            Op::Conv2d(op) => Layer::Conv2d(conv_2d::Layer::compile(op, operands)?),
            Op::DepthwiseConv2d(op) => {
                Layer::DepthwiseConv2d(depthwise_conv_2d::Layer::compile(op, operands)?)
            }
            Op::FullyConnected(op) => Layer::FullyConnected(fully_connected::Layer::compile(op, operands)?),
            Op::MaxPool2d(op) => Layer::MaxPool2d(max_pool_2d::Layer::compile(op, operands)?),
            Op::Pad(op) => Layer::Pad(pad::Layer::compile(op, operands)?),
            Op::Relu(_) => Layer::Relu(relu::Layer::compile(operands)?),
            Op::Relu6(_) => Layer::Relu6(relu6::Layer::compile(operands)?),
            Op::Reshape(_) => Layer::Reshape(reshape::Layer::compile(operands)?),
            Op::Softmax(op) => Layer::Softmax(softmax::Layer::compile(op, operands)?),
            _ => match rule(op, operands)? {
                Some(rule) => Layer::Rule(rule),
                None => {
                    let problem = "has no gradient, so a network with it cannot be trained; docs/ops.md lists those that \
                                   can";
                    return Err(operands.refuse(problem));
                }
            },
        })
    }

    /// Where an activation that follows can be fused: nowhere, or into this clamp.
    pub(crate) fn clamp_mut(&mut self) -> Option<&mut Clamp> {
        match self {
            Layer::Add(layer) => Some(&mut layer.clamp),
            Layer::AveragePool2d(layer) => Some(&mut layer.clamp),
            Layer::BatchNormalization(layer) => Some(&mut layer.clamp),
            Layer::Conv2d(layer) => Some(&mut layer.clamp),
            Layer::DepthwiseConv2d(layer) => Some(&mut layer.clamp),
            Layer::FullyConnected(layer) => Some(&mut layer.clamp),
            Layer::MaxPool2d(layer) => Some(&mut layer.clamp),
            Layer::FakeQuantize(_)
            | Layer::Pad(_)
            | Layer::Relu(_)
            | Layer::Relu6(_)
            | Layer::Reshape(_)
            | Layer::Rule(_)
            | Layer::Softmax(_) => None,
        }
    }

    /// Computes the result `y` of `n` examples.
    pub(crate) fn forward(
        &self,
        params: &[f32],
        x: &[&[f32]],
        y: &mut [f32],
        n: usize,
        common: Common<'_>,
        scratch: &mut Vec<f32>,
    ) {
        match self {
            Layer::Add(layer) => layer.forward(x, y),
            Layer::AveragePool2d(layer) => layer.forward(x[0], y, n),
            Layer::BatchNormalization(layer) => layer.forward(x[0], y, common.norms),
            Layer::Conv2d(layer) => layer.forward(params, x[0], y, n, scratch),
            Layer::DepthwiseConv2d(layer) => layer.forward(params, x[0], y, n, scratch),
            Layer::FakeQuantize(layer) => layer.forward(x[0], y, common.arithmetic),
            Layer::FullyConnected(layer) => layer.forward(params, x[0], y, n),
            Layer::MaxPool2d(layer) => layer.forward(x[0], y, n),
            Layer::Pad(layer) => layer.forward(x[0], y),
            Layer::Relu(layer) => layer.forward(x[0], y),
            Layer::Relu6(layer) => layer.forward(x[0], y),
            Layer::Reshape(layer) => layer.forward(x[0], y),
            Layer::Rule(rule) => rule.forward(params, x, y, n),
            Layer::Softmax(layer) => layer.forward(x[0], y),
        }
    }

    /// Turns the gradient of the result into that of what its fused activation clamps, in place. A batch
    /// normalisation does so on its own, from its input.
    pub(crate) fn unclamp(&self, y: &[f32], dy: &mut [f32]) {
        match self {
            Layer::Add(layer) => layer.clamp.backward(y, dy),
            Layer::AveragePool2d(layer) => layer.clamp.backward(y, dy),
            Layer::Conv2d(layer) => layer.clamp.backward(y, dy),
            Layer::DepthwiseConv2d(layer) => layer.clamp.backward(y, dy),
            Layer::FullyConnected(layer) => layer.clamp.backward(y, dy),
            Layer::MaxPool2d(layer) => layer.clamp.backward(y, dy),
            Layer::Rule(rule) => rule.clamp().backward(y, dy),
            Layer::BatchNormalization(_)
            | Layer::FakeQuantize(_)
            | Layer::Pad(_)
            | Layer::Relu(_)
            | Layer::Relu6(_)
            | Layer::Reshape(_)
            | Layer::Softmax(_) => {}
        }
    }

    /// Adds to the gradients of the parameters. Those of a batch normalisation come from
    /// [`batch_normalization::Layer::sums`].
    pub(crate) fn add_parameter_gradients(
        &self,
        seen: Seen<'_>,
        dparams: &mut [f32],
        n: usize,
        scratch: &mut Vec<f32>,
    ) {
        match self {
            Layer::Conv2d(layer) => layer.add_parameter_gradients(seen, dparams, n, scratch),
            Layer::DepthwiseConv2d(layer) => layer.add_parameter_gradients(seen, dparams, n, scratch),
            Layer::FullyConnected(layer) => layer.add_parameter_gradients(seen, dparams, n),
            Layer::Rule(rule) => rule.add_parameter_gradients(seen, dparams, n),
            Layer::Add(_)
            | Layer::AveragePool2d(_)
            | Layer::BatchNormalization(_)
            | Layer::FakeQuantize(_)
            | Layer::MaxPool2d(_)
            | Layer::Pad(_)
            | Layer::Relu(_)
            | Layer::Relu6(_)
            | Layer::Reshape(_)
            | Layer::Softmax(_) => {}
        }
    }

    /// Computes the gradient `dx` of operand `operand`.
    pub(crate) fn input_gradient(
        &self,
        seen: Seen<'_>,
        operand: usize,
        dx: &mut [f32],
        n: usize,
        common: Common<'_>,
        scratch: &mut Vec<f32>,
    ) {
        match self {
            Layer::Add(layer) => layer.input_gradient(seen.dy, operand, dx),
            Layer::AveragePool2d(layer) => layer.input_gradient(seen.dy, dx, n),
            Layer::BatchNormalization(layer) => layer.input_gradient(seen.x[0], seen.dy, dx, common.norms),
            Layer::Conv2d(layer) => layer.input_gradient(seen, dx, n, scratch),
            Layer::DepthwiseConv2d(layer) => layer.input_gradient(seen, dx, n, scratch),
            Layer::FakeQuantize(layer) => layer.input_gradient(seen, dx, common.arithmetic),
            Layer::FullyConnected(layer) => layer.input_gradient(seen, dx, n),
            Layer::MaxPool2d(layer) => layer.input_gradient(seen, dx, n),
            Layer::Pad(layer) => layer.input_gradient(seen.dy, dx),
            Layer::Relu(layer) => layer.input_gradient(seen, dx),
            Layer::Relu6(layer) => layer.input_gradient(seen, dx),
            Layer::Reshape(layer) => layer.input_gradient(seen.dy, dx),
            Layer::Rule(rule) => rule.input_gradient(seen, operand, dx, n),
            Layer::Softmax(layer) => layer.input_gradient(seen, dx),
        }
    }
}

/// The parameters in `range`, or nothing where an optional operand is absent.
pub(crate) fn optional<'a>(params: &'a [f32], range: &Option<Range<usize>>) -> &'a [f32] {
    range.as_ref().map_or(&[], |range| &params[range.clone()])
}

/// The same, to add to.
pub(crate) fn optional_mut<'a>(params: &'a mut [f32], range: &Option<Range<usize>>) -> &'a mut [f32] {
    range.as_ref().map_or(&mut [], |range| &mut params[range.clone()])
}

/// The first `len` elements of a buffer that grows when it must and never shrinks.
pub(crate) fn grown(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}

#[cfg(test)]
mod tests;
