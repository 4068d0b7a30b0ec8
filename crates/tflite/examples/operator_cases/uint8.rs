//! Models of uint8, which are computed in int8: what rounds by the product of scales, halves of means, and movers.

use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::softmax::Softmax;
use smidgen_ir::{Activation, Op, TensorIdx};

use crate::layers::{
    ONE_SCALE, SAME, VALID, connected_int8, conv_int8, depthwise_int8, dilated, plain, strided,
};
use crate::net::{Case, Net, Weights};
use crate::pools::{average_of, int8, max_of, pad_by};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::uint8("conv_2d", "uint8_same", |net| {
            conv_int8(net, plain(Activation::None), [4, 3, 3, 3], ONE_SCALE)
        }),
        Case::uint8("conv_2d", "uint8_strided_valid", |net| {
            conv_int8(net, strided(VALID), [6, 2, 3, 3], ONE_SCALE)
        }),
        Case::uint8("conv_2d", "uint8_dilated_same", |net| {
            conv_int8(net, dilated(SAME), [4, 3, 3, 3], ONE_SCALE)
        }),
        Case::uint8("conv_2d", "uint8_relu6", |net| {
            conv_int8(net, plain(Activation::Relu6), [8, 1, 1, 3], ONE_SCALE)
        }),
        Case::uint8("depthwise_conv_2d", "uint8_strided", |net| {
            depthwise_int8(net, 1, [2, 2], [1, 1], ONE_SCALE)
        }),
        Case::uint8("depthwise_conv_2d", "uint8_multiplier_2", |net| {
            depthwise_int8(net, 2, [1, 1], [1, 1], ONE_SCALE)
        }),
        Case::uint8("fully_connected", "uint8_plain", |net| connected_int8(net, &[3, 24], false, ONE_SCALE)),
        Case::uint8("average_pool_2d", "uint8_same", |net| {
            int8(net, average_of([3, 2], [1, 2], SAME, Activation::None))
        }),
        Case::uint8("average_pool_2d", "uint8_even_valid", |net| {
            int8(net, average_of([2, 2], [1, 1], VALID, Activation::Relu))
        }),
        Case::uint8("max_pool_2d", "uint8_same", |net| {
            int8(net, max_of([3, 2], [1, 2], SAME, Activation::None))
        }),
        Case::uint8("pad", "uint8_image", |net| int8(net, pad_by(&[[0, 0], [1, 2], [3, 0], [0, 1]]))),
        Case::uint8("softmax", "uint8_rows", |net| {
            let x = net.input_int8(&[4, 10]);
            net.node(Op::Softmax(Softmax { beta: 1.0, wide: false }), &[x], None)
        }),
        Case::uint8("networks", "uint8_residual", residual),
    ]
}

/// A convolution, a shortcut around another, a mean and a classifier.
fn residual(net: &mut Net) -> TensorIdx {
    let x = net.input_int8(&[1, 8, 8, 3]);
    let weights =
        |shape: &[usize]| Weights { shape: shape.to_vec(), channel_axis: 0, per_channel: false, bias: true };
    let x = net.layer_int8(Op::Conv2d(plain(Activation::Relu6)), x, weights(&[4, 3, 3, 3]));
    let y = net.layer_int8(Op::Conv2d(plain(Activation::None)), x, weights(&[4, 3, 3, 4]));
    let x = net.int8(Op::Add(Add { activation: Activation::Relu }), &[x, y]);
    let x = net.node(average_of([4, 4], [4, 4], VALID, Activation::None), &[x], None);
    net.layer_int8(Op::Conv2d(plain(Activation::None)), x, weights(&[5, 1, 1, 4]))
}
