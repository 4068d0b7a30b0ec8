//! AVERAGE_POOL_2D, MAX_POOL_2D and PAD.

use smidgen_ir::ops::average_pool_2d::AveragePool2d;
use smidgen_ir::ops::max_pool_2d::MaxPool2d;
use smidgen_ir::ops::pad::Pad;
use smidgen_ir::{Activation, Op, Padding, TensorIdx};

use crate::net::{Case, Net};

pub(crate) fn cases() -> Vec<Case> {
    let average = |name, build| Case::new("average_pool_2d", name, build);
    let max = |name, build| Case::new("max_pool_2d", name, build);
    let pad = |name, build| Case::new("pad", name, build);
    vec![
        average("int8_same", |net| int8(net, average_of([3, 2], [1, 2], Padding::Same, Activation::None))),
        average("int8_valid", |net| int8(net, average_of([2, 3], [2, 2], Padding::Valid, Activation::None))),
        average("int8_relu", |net| int8(net, average_of([3, 3], [2, 2], Padding::Same, Activation::Relu))),
        average("int8_whole_image", |net| {
            int8(net, average_of([6, 7], [1, 1], Padding::Valid, Activation::None))
        }),
        average("float_same_relu6", |net| {
            float(net, average_of([3, 2], [1, 2], Padding::Same, Activation::Relu6))
        }),
        max("int8_same", |net| int8(net, max_of([3, 2], [1, 2], Padding::Same, Activation::None))),
        max("int8_valid", |net| int8(net, max_of([2, 3], [2, 2], Padding::Valid, Activation::None))),
        max("int8_relu6", |net| int8(net, max_of([3, 3], [3, 2], Padding::Same, Activation::Relu6))),
        max("int8_relu_n1_to_1", |net| {
            int8(net, max_of([2, 2], [2, 2], Padding::Same, Activation::ReluN1To1))
        }),
        max("float_same", |net| float(net, max_of([3, 2], [1, 2], Padding::Same, Activation::None))),
        max("float_valid_relu", |net| float(net, max_of([2, 2], [2, 2], Padding::Valid, Activation::Relu))),
        pad("int8_image", |net| int8(net, pad_by(&[[0, 0], [1, 2], [3, 0], [0, 1]]))),
        pad("int8_rows", |net| {
            let x = net.input_int8(&[3, 5]);
            net.node(pad_by(&[[1, 0], [2, 3]]), &[x], None)
        }),
        pad("float_image", |net| float(net, pad_by(&[[1, 0], [0, 1], [2, 2], [0, 0]]))),
    ]
}

pub(crate) fn average_of(
    window: [usize; 2],
    stride: [usize; 2],
    padding: Padding,
    activation: Activation,
) -> Op {
    Op::AveragePool2d(AveragePool2d { window, stride, padding, activation })
}

pub(crate) fn max_of(window: [usize; 2], stride: [usize; 2], padding: Padding, activation: Activation) -> Op {
    Op::MaxPool2d(MaxPool2d { window, stride, padding, activation })
}

pub(crate) fn pad_by(paddings: &[[usize; 2]]) -> Op {
    Op::Pad(Pad { paddings: paddings.to_vec() })
}

pub(crate) fn int8(net: &mut Net, op: Op) -> TensorIdx {
    let x = net.input_int8(&[1, 6, 7, 3]);
    net.node(op, &[x], None)
}

fn float(net: &mut Net, op: Op) -> TensorIdx {
    let x = net.input(&[1, 5, 5, 2]);
    net.node(op, &[x], None)
}
