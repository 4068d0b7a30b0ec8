//! CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED: dilation, strides, groups, padding, activations, with and without
//! bias, a scale for each channel and one for all.

use smidgen_ir::build::Conv;
use smidgen_ir::ops::conv_2d::Conv2d;
use smidgen_ir::ops::depthwise_conv_2d::DepthwiseConv2d;
use smidgen_ir::ops::fully_connected::FullyConnected;
use smidgen_ir::{Activation, Op, Padding, TensorIdx};

use crate::net::{Case, Net, Weights};

const fn conv(name: &'static str, build: fn(&mut Net) -> TensorIdx) -> Case {
    Case::new("conv_2d", name, build)
}

const fn depthwise(name: &'static str, build: fn(&mut Net) -> TensorIdx) -> Case {
    Case::new("depthwise_conv_2d", name, build)
}

const fn connected(name: &'static str, build: fn(&mut Net) -> TensorIdx) -> Case {
    Case::new("fully_connected", name, build)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        conv("int8_dilated_same", |net| conv_int8(net, dilated(SAME), [4, 3, 3, 3], SCALES)),
        conv("int8_dilated_valid", |net| conv_int8(net, dilated(VALID), [4, 3, 2, 3], SCALES)),
        conv("int8_strided_same", |net| conv_int8(net, strided(SAME), [3, 3, 3, 3], SCALES)),
        conv("int8_strided_valid", |net| conv_int8(net, strided(VALID), [3, 2, 3, 3], SCALES)),
        conv("int8_even_filter", |net| conv_int8(net, plain(Activation::None), [2, 4, 2, 3], SCALES)),
        conv("int8_one_by_one", |net| conv_int8(net, plain(Activation::None), [5, 1, 1, 3], SCALES)),
        conv("int8_per_tensor", |net| conv_int8(net, plain(Activation::None), [4, 3, 3, 3], ONE_SCALE)),
        conv("int8_no_bias", |net| conv_int8(net, plain(Activation::None), [4, 3, 3, 3], NO_BIAS)),
        conv("int8_relu", |net| conv_int8(net, plain(Activation::Relu), [4, 3, 3, 3], SCALES)),
        conv("int8_relu6", |net| conv_int8(net, plain(Activation::Relu6), [4, 3, 3, 3], SCALES)),
        conv("int8_relu_n1_to_1", |net| conv_int8(net, plain(Activation::ReluN1To1), [4, 3, 3, 3], SCALES)),
        conv("int8_grouped", |net| grouped_int8(net, [6, 3, 3, 2])),
        conv("int8_grouped_to_singles", |net| grouped_int8(net, [8, 3, 3, 1])),
        conv("float_dilated_same", |net| conv_float(net, Conv::new(4, [3, 3]).dilation([2, 1]))),
        conv("float_strided_valid", |net| conv_float(net, Conv::new(4, [2, 3]).stride([3, 2]).valid())),
        conv("float_no_bias_relu", |net| conv_float(net, Conv::new(4, [3, 3]).no_bias().relu())),
        conv("float_relu6", |net| conv_float(net, Conv::new(4, [3, 2]).activation(Activation::Relu6))),
        conv("float_relu_n1_to_1", |net| {
            conv_float(net, Conv::new(4, [3, 2]).activation(Activation::ReluN1To1))
        }),
        depthwise("int8_multiplier_2", |net| depthwise_int8(net, 2, [1, 1], [1, 1], SCALES)),
        depthwise("int8_multiplier_3_strided", |net| depthwise_int8(net, 3, [2, 2], [1, 1], SCALES)),
        depthwise("int8_strided", |net| depthwise_int8(net, 1, [2, 2], [1, 1], SCALES)),
        depthwise("int8_dilated", |net| depthwise_int8(net, 1, [1, 1], [2, 3], SCALES)),
        depthwise("int8_multiplier_2_dilated", |net| depthwise_int8(net, 2, [1, 1], [2, 2], SCALES)),
        depthwise("int8_per_tensor", |net| depthwise_int8(net, 1, [1, 1], [1, 1], ONE_SCALE)),
        depthwise("int8_no_bias", |net| depthwise_int8(net, 1, [2, 1], [1, 1], NO_BIAS)),
        depthwise("float_multiplier_3", |net| depthwise_float(net, Conv::new(3, [3, 3]))),
        depthwise("float_strided_valid", |net| {
            depthwise_float(net, Conv::new(1, [3, 2]).stride([2, 2]).valid())
        }),
        depthwise("float_dilated_relu6", |net| {
            depthwise_float(net, Conv::new(1, [2, 3]).dilation([2, 2]).activation(Activation::Relu6))
        }),
        connected("int8_no_bias", |net| connected_int8(net, &[3, 24], false, ONE_SCALE_NO_BIAS)),
        connected("int8_keep_num_dims", |net| connected_int8(net, &[2, 3, 12], true, ONE_SCALE)),
        connected("int8_flattens", |net| connected_int8(net, &[1, 3, 2, 4], false, ONE_SCALE)),
        connected("int8_per_channel", |net| connected_int8(net, &[2, 20], false, SCALES)),
        connected("float_flattens", |net| connected_float(net, &[1, 3, 2, 4], false, Activation::None)),
        connected("float_keep_num_dims", |net| connected_float(net, &[2, 3, 12], true, Activation::Relu)),
        connected("float_relu_n1_to_1", |net| connected_float(net, &[3, 24], false, Activation::ReluN1To1)),
    ]
}

pub(crate) const SAME: Padding = Padding::Same;
pub(crate) const VALID: Padding = Padding::Valid;

/// How a filter is quantised (a scale for each channel?) and whether there is a bias.
pub(crate) type Form = (bool, bool);
const SCALES: Form = (true, true);
pub(crate) const ONE_SCALE: Form = (false, true);
const NO_BIAS: Form = (true, false);
const ONE_SCALE_NO_BIAS: Form = (false, false);

pub(crate) fn dilated(padding: Padding) -> Conv2d {
    Conv2d { stride: [1, 1], dilation: [2, 3], padding, activation: Activation::None }
}

pub(crate) fn strided(padding: Padding) -> Conv2d {
    Conv2d { stride: [2, 3], dilation: [1, 1], padding, activation: Activation::None }
}

pub(crate) fn plain(activation: Activation) -> Conv2d {
    Conv2d { stride: [1, 1], dilation: [1, 1], padding: SAME, activation }
}

fn weights(shape: &[usize], channel_axis: usize, (per_channel, bias): Form) -> Weights {
    Weights { shape: shape.to_vec(), channel_axis, per_channel, bias }
}

pub(crate) fn conv_int8(net: &mut Net, conv: Conv2d, filter: [usize; 4], form: Form) -> TensorIdx {
    let x = net.input_int8(&[1, 7, 8, 3]);
    net.layer_int8(Op::Conv2d(conv), x, weights(&filter, 0, form))
}

fn grouped_int8(net: &mut Net, filter: [usize; 4]) -> TensorIdx {
    let x = net.input_int8(&[1, 5, 5, 4]);
    net.layer_int8(Op::Conv2d(plain(Activation::None)), x, weights(&filter, 0, SCALES))
}

fn conv_float(net: &mut Net, conv: Conv) -> TensorIdx {
    let x = net.input(&[1, 6, 7, 2]);
    net.float().conv_2d(x, conv)
}

pub(crate) fn depthwise_int8(
    net: &mut Net,
    depth_multiplier: usize,
    stride: [usize; 2],
    dilation: [usize; 2],
    form: Form,
) -> TensorIdx {
    let x = net.input_int8(&[1, 7, 6, 3]);
    let (padding, activation) = (SAME, Activation::Relu);
    let op = DepthwiseConv2d { depth_multiplier, stride, dilation, padding, activation };
    net.layer_int8(Op::DepthwiseConv2d(op), x, weights(&[1, 3, 3, 3 * depth_multiplier], 3, form))
}

fn depthwise_float(net: &mut Net, conv: Conv) -> TensorIdx {
    let x = net.input(&[1, 6, 7, 2]);
    net.float().depthwise_conv_2d(x, conv)
}

pub(crate) fn connected_int8(net: &mut Net, input: &[usize], keep_num_dims: bool, form: Form) -> TensorIdx {
    let x = net.input_int8(input);
    let in_c = inputs(input, keep_num_dims);
    let op = FullyConnected { activation: Activation::None, keep_num_dims };
    net.layer_int8(Op::FullyConnected(op), x, weights(&[6, in_c], 0, form))
}

fn connected_float(net: &mut Net, input: &[usize], keep_num_dims: bool, activation: Activation) -> TensorIdx {
    let x = net.input(input);
    let filter = net.constant(&[5, inputs(input, keep_num_dims)], 0.05);
    net.node(Op::FullyConnected(FullyConnected { activation, keep_num_dims }), &[x, filter], None)
}

/// Inputs of one row.
fn inputs(shape: &[usize], keep_num_dims: bool) -> usize {
    if keep_num_dims { shape[shape.len() - 1] } else { shape[1..].iter().product() }
}
