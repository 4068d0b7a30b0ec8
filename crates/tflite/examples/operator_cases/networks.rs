//! A few operators together: a residual block, and a float model that computes in int8.

use smidgen_ir::build::Conv;
use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::average_pool_2d::AveragePool2d;
use smidgen_ir::ops::conv_2d::Conv2d;
use smidgen_ir::ops::depthwise_conv_2d::DepthwiseConv2d;
use smidgen_ir::ops::reshape::Reshape;
use smidgen_ir::ops::softmax::Softmax;
use smidgen_ir::{Activation, Op, Padding, TensorIdx};

use crate::net::{Case, Net, Weights};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("networks", "int8_residual", residual_int8),
        Case::new("networks", "float_residual", residual_float),
        Case::new("networks", "float_ends", float_ends),
    ]
}

fn conv(net: &mut Net, x: TensorIdx, shape: &[usize], stride: [usize; 2]) -> TensorIdx {
    let (padding, activation) = (Padding::Same, Activation::Relu);
    let op = Op::Conv2d(Conv2d { stride, dilation: [1, 1], padding, activation });
    net.layer_int8(op, x, Weights { shape: shape.to_vec(), channel_axis: 0, per_channel: true, bias: true })
}

fn residual_int8(net: &mut Net) -> TensorIdx {
    let x = net.input_int8(&[1, 8, 8, 2]);
    let stem = conv(net, x, &[4, 3, 3, 2], [2, 2]);
    let (padding, activation) = (Padding::Same, Activation::Relu6);
    let depthwise =
        DepthwiseConv2d { depth_multiplier: 1, stride: [1, 1], dilation: [1, 1], padding, activation };
    let shape = vec![1, 3, 3, 4];
    let weights = Weights { shape, channel_axis: 3, per_channel: true, bias: true };
    let branch = net.layer_int8(Op::DepthwiseConv2d(depthwise), stem, weights);
    let sum = net.int8(Op::Add(Add { activation: Activation::Relu }), &[stem, branch]);
    let (window, stride) = ([4, 4], [4, 4]);
    let pool = AveragePool2d { window, stride, padding: Padding::Valid, activation: Activation::None };
    let mean = net.node(Op::AveragePool2d(pool), &[sum], None);
    let row = net.node(Op::Reshape(Reshape { shape: vec![1, 4] }), &[mean], None);
    net.node(Op::Softmax(Softmax { beta: 1.0, wide: false }), &[row], None)
}

fn residual_float(net: &mut Net) -> TensorIdx {
    let x = net.input(&[1, 6, 6, 1]);
    let net = net.float();
    let stem = net.conv_2d(x, Conv::new(3, [3, 3]).stride([2, 2]).relu());
    let branch = net.depthwise_conv_2d(stem, Conv::new(1, [3, 3]));
    let sum = net.add(stem, branch);
    let pooled = net.max_pool_2d(sum, [3, 3], [3, 3]);
    let row = net.reshape(pooled, &[1, -1]);
    let scores = net.fully_connected(row, 4);
    net.softmax(scores)
}

fn float_ends(net: &mut Net) -> TensorIdx {
    let x = net.input(&[1, 6, 6, 2]);
    let quant = net.quant();
    let quantized = net.float().quantize(x, quant);
    let layer = conv(net, quantized, &[3, 3, 3, 2], [1, 1]);
    net.float().dequantize(layer)
}
