//! The blocks that models are made of, over the graph builder.

use smidgen_ir::build::{Builder, Conv};
use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::average_pool_2d::AveragePool2d;
use smidgen_ir::ops::concatenation::Concatenation;
use smidgen_ir::ops::hard_swish::HardSwish;
use smidgen_ir::ops::leaky_relu::LeakyRelu;
use smidgen_ir::ops::max_pool_2d::MaxPool2d;
use smidgen_ir::{Activation, Graph, IrError, Op, Padding, Tensor, TensorIdx};

use crate::Config;

/// Added to the variance in batch normalisation.
const EPSILON: f32 = 1e-3;

/// What follows a batch normalisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Act {
    None,
    Relu,
    Relu6,
    HardSwish,
    /// Slope of the negative side.
    LeakyRelu(f32),
}

/// A network in the making. Convolutions come with batch normalisation, which takes the place of their bias.
pub(crate) struct Net {
    pub(crate) builder: Builder<'static>,
    width: f32,
    depth: f32,
}

impl Net {
    pub(crate) fn new(name: &str, config: &Config) -> Self {
        let builder = Builder::new(name, |parameter| vec![0.0; parameter.n_elements()]);
        Net { builder, width: config.width, depth: config.depth }
    }

    pub(crate) fn finish(self, output: TensorIdx) -> Result<Graph, IrError> {
        self.builder.finish(&[output])
    }

    /// `[1, height, width, channels]`
    pub(crate) fn input(&mut self, [height, width, channels]: [usize; 3]) -> TensorIdx {
        self.builder.input("input", &[1, height, width, channels])
    }

    /// The input as a sequence of columns: `[1, time, 1, width * channels]`, for convolutions along time only.
    pub(crate) fn sequence(&mut self, [time, width, channels]: [usize; 3]) -> TensorIdx {
        let x = self.input([time, width, channels]);
        if width == 1 {
            return x;
        }
        self.reshape(x, &[1, time, 1, width * channels])
    }

    /// `channels` times the width, rounded to a multiple of 8 that is no more than a tenth below (`make_divisible` of the
    /// MobileNets).
    pub(crate) fn channels(&self, channels: usize) -> usize {
        let wanted = channels as f32 * self.width;
        let rounded = (((wanted + 4.0) / 8.0) as usize * 8).max(8);
        if (rounded as f32) < 0.9 * wanted { rounded + 8 } else { rounded }
    }

    /// `channels` times the width, rounded to the nearest number, at least 1.
    pub(crate) fn plain_channels(&self, channels: usize) -> usize {
        ((channels as f32 * self.width).round() as usize).max(1)
    }

    /// `blocks` times the depth, rounded up.
    pub(crate) fn blocks(&self, blocks: usize) -> usize {
        ((blocks as f32 * self.depth).ceil() as usize).max(1)
    }

    /// Height and width of an image.
    pub(crate) fn extents(&self, x: TensorIdx) -> [usize; 2] {
        match *self.builder.shape(x) {
            [_, height, width, _] => [height, width],
            _ => [1, 1],
        }
    }

    pub(crate) fn n_channels(&self, x: TensorIdx) -> usize {
        self.builder.shape(x).last().copied().unwrap_or(1)
    }

    /// Values of `x`.
    pub(crate) fn n_values(&self, x: TensorIdx) -> usize {
        self.builder.shape(x).iter().product()
    }

    /// CONV_2D, batch normalisation, activation.
    pub(crate) fn conv(&mut self, x: TensorIdx, conv: Conv, act: Act) -> TensorIdx {
        let x = self.builder.conv_2d(x, conv.no_bias());
        self.normalised(x, act)
    }

    /// A 1×1 convolution to `channels`.
    pub(crate) fn pointwise(&mut self, x: TensorIdx, channels: usize, act: Act) -> TensorIdx {
        self.conv(x, Conv::new(channels, [1, 1]), act)
    }

    /// DEPTHWISE_CONV_2D, batch normalisation, activation.
    pub(crate) fn depthwise(
        &mut self,
        x: TensorIdx,
        kernel: [usize; 2],
        stride: [usize; 2],
        act: Act,
    ) -> TensorIdx {
        self.depthwise_conv(x, Conv::new(1, kernel).stride(stride), act)
    }

    pub(crate) fn depthwise_conv(&mut self, x: TensorIdx, conv: Conv, act: Act) -> TensorIdx {
        let x = self.builder.depthwise_conv_2d(x, conv.no_bias());
        self.normalised(x, act)
    }

    /// A depthwise convolution and a 1×1 convolution to `channels`, both normalised and activated.
    pub(crate) fn separable(
        &mut self,
        x: TensorIdx,
        channels: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        act: Act,
    ) -> TensorIdx {
        let x = self.depthwise(x, kernel, stride, act);
        self.pointwise(x, channels, act)
    }

    fn normalised(&mut self, x: TensorIdx, act: Act) -> TensorIdx {
        let x = self.builder.batch_normalization(x, EPSILON);
        self.act(x, act)
    }

    pub(crate) fn act(&mut self, x: TensorIdx, act: Act) -> TensorIdx {
        match act {
            Act::None => x,
            Act::Relu => self.builder.relu(x),
            Act::Relu6 => self.builder.relu6(x),
            Act::HardSwish => self.op(Op::HardSwish(HardSwish), &[x]),
            Act::LeakyRelu(alpha) => self.op(Op::LeakyRelu(LeakyRelu { alpha }), &[x]),
        }
    }

    /// A fully connected layer with batch normalisation and activation.
    pub(crate) fn dense(&mut self, x: TensorIdx, units: usize, act: Act) -> TensorIdx {
        let x = self.builder.fully_connected(x, units);
        self.normalised(x, act)
    }

    /// MAX_POOL_2D with SAME padding.
    pub(crate) fn max_pool(&mut self, x: TensorIdx, window: [usize; 2], stride: [usize; 2]) -> TensorIdx {
        let (padding, activation) = (Padding::Same, Activation::None);
        self.op(Op::MaxPool2d(MaxPool2d { window, stride, padding, activation }), &[x])
    }

    /// AVERAGE_POOL_2D without padding.
    pub(crate) fn average_pool(&mut self, x: TensorIdx, window: [usize; 2]) -> TensorIdx {
        let (padding, activation) = (Padding::Valid, Activation::None);
        self.op(Op::AveragePool2d(AveragePool2d { window, stride: window, padding, activation }), &[x])
    }

    pub(crate) fn add(&mut self, a: TensorIdx, b: TensorIdx) -> TensorIdx {
        self.op(Op::Add(Add::default()), &[a, b])
    }

    /// CONCATENATION along the channels.
    pub(crate) fn join(&mut self, parts: &[TensorIdx]) -> TensorIdx {
        self.op(Op::Concatenation(Concatenation { axis: -1 }), parts)
    }

    pub(crate) fn reshape(&mut self, x: TensorIdx, shape: &[usize]) -> TensorIdx {
        let shape: Vec<i32> = shape.iter().map(|&extent| i32::try_from(extent).unwrap_or(i32::MAX)).collect();
        self.builder.reshape(x, &shape)
    }

    /// One row of all values.
    pub(crate) fn flatten(&mut self, x: TensorIdx) -> TensorIdx {
        let n_values = self.n_values(x);
        self.reshape(x, &[1, n_values])
    }

    /// The mean of each channel, fully connected to probabilities.
    pub(crate) fn classifier(&mut self, x: TensorIdx, outputs: usize) -> TensorIdx {
        let extents = self.extents(x);
        let x = self.average_pool(x, extents);
        let x = self.flatten(x);
        let x = self.builder.fully_connected(x, outputs);
        self.builder.softmax(x)
    }

    /// Any operator on activations.
    pub(crate) fn op(&mut self, op: Op, inputs: &[TensorIdx]) -> TensorIdx {
        let inputs: Vec<_> = inputs.iter().copied().map(Some).collect();
        self.builder.node(op, &inputs, None)
    }

    /// A float32 constant of zeros that training or fitting fills.
    pub(crate) fn zeros(&mut self, name: &str, shape: &[usize]) -> TensorIdx {
        let values = vec![0.0; shape.iter().product()];
        self.builder.constant(Tensor::const_f32(name, shape.to_vec(), &values))
    }
}
