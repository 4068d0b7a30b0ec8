//! Activations and functions of one element, in every element type.

use smidgen_ir::ops::abs::Abs;
use smidgen_ir::ops::ceil::Ceil;
use smidgen_ir::ops::cos::Cos;
use smidgen_ir::ops::elu::Elu;
use smidgen_ir::ops::exp::Exp;
use smidgen_ir::ops::floor::Floor;
use smidgen_ir::ops::gelu::Gelu;
use smidgen_ir::ops::hard_swish::HardSwish;
use smidgen_ir::ops::l2_normalization::L2Normalization;
use smidgen_ir::ops::leaky_relu::LeakyRelu;
use smidgen_ir::ops::log::Log;
use smidgen_ir::ops::log_softmax::LogSoftmax;
use smidgen_ir::ops::logistic::Logistic;
use smidgen_ir::ops::neg::Neg;
use smidgen_ir::ops::prelu::Prelu;
use smidgen_ir::ops::relu::Relu;
use smidgen_ir::ops::relu_n1_to_1::ReluN1To1;
use smidgen_ir::ops::relu6::Relu6;
use smidgen_ir::ops::round::Round;
use smidgen_ir::ops::rsqrt::Rsqrt;
use smidgen_ir::ops::sin::Sin;
use smidgen_ir::ops::softmax::Softmax;
use smidgen_ir::ops::sqrt::Sqrt;
use smidgen_ir::ops::square::Square;
use smidgen_ir::ops::tanh::Tanh;
use smidgen_ir::{DType, Op, Quant, Tensor, TensorIdx};

use crate::net::{Case, Net};

pub(crate) fn cases() -> Vec<Case> {
    [rectifiers(), sigmoids(), rows(), functions(), floats()].concat()
}

/// A scale and a zero point.
type Steps = (f32, i32);

fn quant((scale, zero_point): Steps) -> Quant {
    Quant::per_tensor(scale, zero_point)
}

fn int8(net: &mut Net, op: Op, input: Steps, output: Steps) -> TensorIdx {
    let x = net.float().input_int8("input", &[4, 64], quant(input));
    net.node(op, &[x], Some(quant(output)))
}

fn input_int16(net: &mut Net, shape: &[usize], scale: f32) -> TensorIdx {
    let mut tensor = Tensor::activation("input", DType::I16, shape.to_vec());
    tensor.quant = Some(quant((scale, 0)));
    net.float().input_tensor(tensor)
}

fn int16(net: &mut Net, op: Op, input: f32, output: f32) -> TensorIdx {
    let x = input_int16(net, &[4, 64], input);
    net.node(op, &[x], Some(quant((output, 0))))
}

fn float(net: &mut Net, op: Op) -> TensorIdx {
    let x = net.input(&[4, 48]);
    net.node(op, &[x], None)
}

/// A float operator on positive inputs: the exponential of what is drawn.
fn float_positive(net: &mut Net, op: Op) -> TensorIdx {
    let x = float(net, Op::Exp(Exp));
    net.node(op, &[x], None)
}

/// Input scale, and the output scale of LOGISTIC and TANH for int8 and int16.
const LOGISTIC_8: Steps = (1.0 / 256.0, -128);
const TANH_8: Steps = (1.0 / 128.0, 0);
const SIGMOID_16: f32 = 1.0 / 32_768.0;

fn rectifiers() -> Vec<Case> {
    vec![
        Case::new("relu", "int16_finer", |net| int16(net, Op::Relu(Relu), 0.0005, 0.00031)),
        Case::new("relu6", "int16", |net| int16(net, Op::Relu6(Relu6), 0.0005, 0.0005)),
        Case::new("relu6", "int16_below_six", |net| int16(net, Op::Relu6(Relu6), 0.0001, 0.0001)),
        Case::new("relu_n1_to_1", "float", |net| float(net, Op::ReluN1To1(ReluN1To1))),
        // Ratios of powers of two: LiteRT divides the scales in float, Smidgen in double as for RELU.
        Case::new("relu_n1_to_1", "int8", |net| {
            int8(net, Op::ReluN1To1(ReluN1To1), (0.03125, 7), (0.015_625, -20))
        }),
        Case::new("leaky_relu", "float", |net| float(net, Op::LeakyRelu(LeakyRelu { alpha: 0.3 }))),
        Case::new("leaky_relu", "int8", |net| {
            int8(net, Op::LeakyRelu(LeakyRelu { alpha: 0.3 }), (0.05, -11), (0.04, 20))
        }),
        Case::new("leaky_relu", "int8_negative_slope", |net| {
            int8(net, Op::LeakyRelu(LeakyRelu { alpha: -0.7 }), (0.05, -11), (0.11, 3))
        }),
        // Powers of two: releases of TFLM differ in how they round the quotients.
        Case::new("leaky_relu", "int16", |net| {
            int16(net, Op::LeakyRelu(LeakyRelu { alpha: 0.25 }), 0.000_976_562_5, 0.001_953_125)
        }),
        Case::new("prelu", "float_channels", |net| {
            let (x, alpha) = (net.input(&[1, 4, 5, 3]), net.constant(&[1, 1, 3], 1.0));
            net.node(Op::Prelu(Prelu), &[x, alpha], None)
        }),
        Case::new("prelu", "float_rows", |net| {
            let (x, alpha) = (net.input(&[1, 4, 5, 3]), net.constant(&[4, 1, 1], 1.0));
            net.node(Op::Prelu(Prelu), &[x, alpha], None)
        }),
        Case::new("prelu", "int8_channels", |net| {
            let (x, alpha) = (net.input_int8(&[1, 4, 5, 3]), net.constant_int8(&[1, 1, 3]));
            net.int8(Op::Prelu(Prelu), &[x, alpha])
        }),
        Case::new("prelu", "int8_all", |net| {
            let (x, alpha) = (net.input_int8(&[1, 4, 5, 3]), net.constant_int8(&[1, 4, 5, 3]));
            net.int8(Op::Prelu(Prelu), &[x, alpha])
        }),
        Case::new("prelu", "int16_channels", |net| {
            let (x, alpha) = (input_int16(net, &[1, 4, 5, 3], 0.0003), net.constant_int8(&[1, 1, 3]));
            net.node(Op::Prelu(Prelu), &[x, alpha], Some(quant((0.0007, 0))))
        }),
        Case::new("elu", "float", |net| float(net, Op::Elu(Elu))),
        Case::new("elu", "int8", |net| int8(net, Op::Elu(Elu), (0.05, 9), (0.03, -90))),
        Case::new("hard_swish", "float", |net| float(net, Op::HardSwish(HardSwish))),
        Case::new("hard_swish", "int8", |net| int8(net, Op::HardSwish(HardSwish), (0.05, -9), (0.027, -110))),
        Case::new("hard_swish", "int8_wide", |net| {
            int8(net, Op::HardSwish(HardSwish), (0.7, 3), (0.5, -100))
        }),
        Case::new("hard_swish", "int8_narrow", |net| {
            int8(net, Op::HardSwish(HardSwish), (0.004, 50), (0.003, 2))
        }),
        Case::new("gelu", "float", |net| float(net, Op::Gelu(Gelu { approximate: false }))),
        Case::new("gelu", "float_approximate", |net| float(net, Op::Gelu(Gelu { approximate: true }))),
        Case::new("gelu", "int8", |net| {
            int8(net, Op::Gelu(Gelu { approximate: false }), (0.04, 5), (0.025, -100))
        }),
        Case::new("gelu", "int8_approximate", |net| {
            int8(net, Op::Gelu(Gelu { approximate: true }), (0.04, 5), (0.025, -100))
        }),
    ]
}

fn sigmoids() -> Vec<Case> {
    let logistic = |name, build| Case::new("logistic", name, build);
    let tanh = |name, build| Case::new("tanh", name, build);
    vec![
        logistic("float", |net| float(net, Op::Logistic(Logistic))),
        logistic("int8", |net| int8(net, Op::Logistic(Logistic), (0.05, 9), LOGISTIC_8)),
        logistic("int8_wide", |net| int8(net, Op::Logistic(Logistic), (0.6, -30), LOGISTIC_8)),
        logistic("int16", |net| int16(net, Op::Logistic(Logistic), 0.0003, SIGMOID_16)),
        logistic("int16_power_of_two", |net| int16(net, Op::Logistic(Logistic), 1.0 / 4096.0, SIGMOID_16)),
        tanh("float", |net| float(net, Op::Tanh(Tanh))),
        tanh("int8", |net| int8(net, Op::Tanh(Tanh), (0.03, -14), TANH_8)),
        tanh("int8_wide", |net| int8(net, Op::Tanh(Tanh), (0.3, 77), TANH_8)),
        tanh("int16", |net| int16(net, Op::Tanh(Tanh), 0.0002, SIGMOID_16)),
        tanh("int16_power_of_two", |net| int16(net, Op::Tanh(Tanh), 1.0 / 2048.0, SIGMOID_16)),
    ]
}

fn rows() -> Vec<Case> {
    vec![
        Case::new("softmax", "int8_to_int16", |net| {
            let x = net.float().input_int8("input", &[4, 64], quant((0.05, 9)));
            net.node(Op::Softmax(Softmax { beta: 1.0, wide: true }), &[x], None)
        }),
        Case::new("softmax", "int16", |net| {
            int16(net, Op::Softmax(Softmax { beta: 1.0, wide: false }), 0.0002, SIGMOID_16)
        }),
        Case::new("softmax", "int16_beta_half", |net| {
            int16(net, Op::Softmax(Softmax { beta: 0.5, wide: false }), 0.0004, SIGMOID_16)
        }),
        Case::new("log_softmax", "float", |net| float(net, Op::LogSoftmax(LogSoftmax))),
        Case::new("log_softmax", "int8", |net| {
            int8(net, Op::LogSoftmax(LogSoftmax), (0.05, 9), (1.0 / 16.0, 127))
        }),
        Case::new("log_softmax", "int8_wide", |net| {
            int8(net, Op::LogSoftmax(LogSoftmax), (0.4, -3), (1.0 / 16.0, 127))
        }),
        Case::new("l2_normalization", "float", |net| float(net, Op::L2Normalization(L2Normalization))),
        Case::new("l2_normalization", "int8", |net| {
            int8(net, Op::L2Normalization(L2Normalization), (0.05, 21), TANH_8)
        }),
    ]
}

fn functions() -> Vec<Case> {
    vec![
        Case::new("abs", "float", |net| float(net, Op::Abs(Abs))),
        Case::new("abs", "int8", |net| int8(net, Op::Abs(Abs), (0.05, 9), (0.03, -128))),
        Case::new("abs", "int8_same_scale", |net| int8(net, Op::Abs(Abs), (0.05, 9), (0.05, -50))),
        Case::new("abs", "int16", |net| int16(net, Op::Abs(Abs), 0.0005, 0.0004)),
        Case::new("exp", "float", |net| float(net, Op::Exp(Exp))),
        Case::new("exp", "int8", |net| int8(net, Op::Exp(Exp), (0.02, 9), (0.05, -128))),
        Case::new("exp", "int16", |net| int16(net, Op::Exp(Exp), 0.0001, 0.0009)),
        Case::new("log", "float", |net| float_positive(net, Op::Log(Log))),
        Case::new("log", "int8", |net| int8(net, Op::Log(Log), (0.05, -100), (0.04, 20))),
        Case::new("log", "int16", |net| int16(net, Op::Log(Log), 0.0005, 0.0004)),
        Case::new("sqrt", "float", |net| float_positive(net, Op::Sqrt(Sqrt))),
        Case::new("sqrt", "int8", |net| int8(net, Op::Sqrt(Sqrt), (0.05, -128), (0.02, -100))),
        Case::new("rsqrt", "float", |net| float_positive(net, Op::Rsqrt(Rsqrt))),
        Case::new("rsqrt", "int8", |net| int8(net, Op::Rsqrt(Rsqrt), (0.05, -128), (0.02, -128))),
        Case::new("rsqrt", "int16", |net| {
            let x = int16(net, Op::Abs(Abs), 0.0005, 0.0005);
            net.node(Op::Rsqrt(Rsqrt), &[x], Some(quant((0.002, 0))))
        }),
    ]
}

fn floats() -> Vec<Case> {
    vec![
        Case::new("neg", "float", |net| float(net, Op::Neg(Neg))),
        Case::new("square", "float", |net| float(net, Op::Square(Square))),
        Case::new("sin", "float", |net| float(net, Op::Sin(Sin))),
        Case::new("sin", "float_many_turns", |net| {
            let x = float(net, Op::Square(Square));
            let x = net.node(Op::Square(Square), &[x], None);
            net.node(Op::Sin(Sin), &[x], None)
        }),
        Case::new("cos", "float", |net| float(net, Op::Cos(Cos))),
        Case::new("round", "float_ties", |net| float(net, Op::Round(Round))),
        Case::new("floor", "float", |net| float(net, Op::Floor(Floor))),
        Case::new("ceil", "float", |net| float(net, Op::Ceil(Ceil))),
    ]
}
