//! Operators without weights or window: ADD, RELU, RELU6, QUANTIZE, DEQUANTIZE, RESHAPE and SOFTMAX.

use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::relu::Relu;
use smidgen_ir::ops::relu6::Relu6;
use smidgen_ir::ops::reshape::Reshape;
use smidgen_ir::ops::softmax::Softmax;
use smidgen_ir::{Activation, Op, Quant, TensorIdx};

use crate::net::{Case, Net};

pub(crate) fn cases() -> Vec<Case> {
    [adds(), rectifiers(), quantizers(), shapes()].concat()
}

fn adds() -> Vec<Case> {
    let case = |name, build| Case::new("add", name, build);
    vec![
        case("int8_same_shape", |net| add_int8(net, &[1, 4, 5, 3], &[1, 4, 5, 3], Activation::None)),
        case("int8_relu", |net| add_int8(net, &[1, 4, 5, 3], &[1, 4, 5, 3], Activation::Relu)),
        case("int8_relu6", |net| add_int8(net, &[2, 9], &[2, 9], Activation::Relu6)),
        case("int8_relu_n1_to_1", |net| add_int8(net, &[2, 9], &[2, 9], Activation::ReluN1To1)),
        case("int8_broadcast_channels", |net| add_int8(net, &[1, 4, 5, 3], &[3], Activation::None)),
        case("int8_broadcast_rows", |net| add_int8(net, &[1, 4, 5, 3], &[1, 4, 1, 1], Activation::None)),
        case("int8_broadcast_both", |net| add_int8(net, &[1, 4, 1, 3], &[1, 1, 5, 1], Activation::Relu)),
        case("int8_constant", |net| {
            let x = net.input_int8(&[1, 4, 5, 3]);
            let constant = net.constant_int8(&[1, 1, 1, 3]);
            net.int8(Op::Add(Add::default()), &[x, constant])
        }),
        case("int8_itself", |net| {
            let x = net.input_int8(&[3, 7]);
            net.int8(Op::Add(Add::default()), &[x, x])
        }),
        case("float_broadcast_channels", |net| add_float(net, &[1, 4, 5, 3], &[3], Activation::None)),
        case("float_broadcast_both_relu", |net| {
            add_float(net, &[1, 4, 1, 3], &[1, 1, 5, 1], Activation::Relu)
        }),
        case("float_relu6", |net| add_float(net, &[2, 9], &[2, 9], Activation::Relu6)),
        case("float_relu_n1_to_1", |net| add_float(net, &[2, 9], &[2, 9], Activation::ReluN1To1)),
    ]
}

fn add_int8(net: &mut Net, a: &[usize], b: &[usize], activation: Activation) -> TensorIdx {
    let (a, b) = (net.input_int8(a), net.input_int8(b));
    net.int8(Op::Add(Add { activation }), &[a, b])
}

fn add_float(net: &mut Net, a: &[usize], b: &[usize], activation: Activation) -> TensorIdx {
    let (a, b) = (net.input(a), net.input(b));
    net.node(Op::Add(Add { activation }), &[a, b], None)
}

fn rectifiers() -> Vec<Case> {
    let relu = |name, build| Case::new("relu", name, build);
    let relu6 = |name, build| Case::new("relu6", name, build);
    vec![
        relu("int8_same_scale", |net| rectify(net, Op::Relu(Relu), [0.05, 0.05], [7, 7])),
        // Ratios of powers of two: LiteRT divides the scales in float, TFLM in double.
        relu("int8_finer", |net| rectify(net, Op::Relu(Relu), [0.0625, 0.03125], [-20, -128])),
        relu("int8_coarser", |net| rectify(net, Op::Relu(Relu), [0.03125, 0.125], [-90, -3])),
        relu("float", |net| float(net, Op::Relu(Relu))),
        relu6("int8_same_scale", |net| rectify(net, Op::Relu6(Relu6), [0.05, 0.05], [-9, -9])),
        relu6("int8_same_scale_below_six", |net| rectify(net, Op::Relu6(Relu6), [0.02, 0.02], [-128, -128])),
        relu6("float", |net| float(net, Op::Relu6(Relu6))),
    ]
}

fn rectify(net: &mut Net, op: Op, scales: [f32; 2], zero_points: [i32; 2]) -> TensorIdx {
    let [input, output] = [0, 1].map(|at| Quant::per_tensor(scales[at], zero_points[at]));
    let x = net.float().input_int8("input", &[4, 32], input);
    net.node(op, &[x], Some(output))
}

fn float(net: &mut Net, op: Op) -> TensorIdx {
    let x = net.input(&[2, 16]);
    net.node(op, &[x], None)
}

fn quantizers() -> Vec<Case> {
    let quantize = |name, build| Case::new("quantize", name, build);
    let dequantize = |name, build| Case::new("dequantize", name, build);
    vec![
        // Inputs are multiples of 1/16: a step of 1/8 rounds half of them from a tie.
        quantize("float_ties", |net| {
            let x = net.input(&[2, 32]);
            net.float().quantize(x, Quant::per_tensor(0.125, 3))
        }),
        quantize("float_saturates", |net| {
            let x = net.input(&[2, 32]);
            net.float().quantize(x, Quant::per_tensor(0.037, -60))
        }),
        quantize("int8_finer", |net| {
            let x = net.input_int8(&[2, 64]);
            net.float().quantize(x, Quant::per_tensor(0.0213, 5))
        }),
        quantize("int8_coarser", |net| {
            let x = net.input_int8(&[2, 64]);
            net.float().quantize(x, Quant::per_tensor(0.171, -77))
        }),
        quantize("int8_moved", |net| {
            let x = net.float().input_int8("input", &[2, 64], Quant::per_tensor(0.05, -128));
            net.float().quantize(x, Quant::per_tensor(0.05, 0))
        }),
        dequantize("int8", |net| {
            let x = net.input_int8(&[2, 64]);
            net.float().dequantize(x)
        }),
    ]
}

fn shapes() -> Vec<Case> {
    let reshape = |name, build| Case::new("reshape", name, build);
    let softmax = |name, build| Case::new("softmax", name, build);
    vec![
        reshape("int8", |net| {
            let x = net.input_int8(&[1, 4, 3, 2]);
            net.node(Op::Reshape(Reshape { shape: vec![2, -1] }), &[x], None)
        }),
        reshape("float", |net| {
            let x = net.input(&[6, 2]);
            net.node(Op::Reshape(Reshape { shape: vec![1, 3, 4] }), &[x], None)
        }),
        softmax("int8_rows", |net| softmax_int8(net, &[4, 10], 1.0)),
        softmax("int8_beta_half", |net| softmax_int8(net, &[4, 10], 0.5)),
        softmax("int8_beta_two_image", |net| softmax_int8(net, &[1, 3, 4, 5], 2.0)),
        softmax("float_beta_half", |net| softmax_float(net, &[4, 10], 0.5)),
        softmax("float_image", |net| softmax_float(net, &[1, 3, 4, 5], 1.0)),
    ]
}

fn softmax_int8(net: &mut Net, shape: &[usize], beta: f32) -> TensorIdx {
    let x = net.input_int8(shape);
    net.node(Op::Softmax(Softmax { beta, wide: false }), &[x], None)
}

fn softmax_float(net: &mut Net, shape: &[usize], beta: f32) -> TensorIdx {
    let x = net.input(shape);
    net.node(Op::Softmax(Softmax { beta, wide: false }), &[x], None)
}
