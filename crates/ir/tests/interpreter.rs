//! The interpreter: inputs and outputs as bytes, layers in order, float and int8 by hand.
#![allow(clippy::unwrap_used, reason = "a failure fails the test")]

use smidgen_ir::build::{Builder, Conv};
use smidgen_ir::ops::conv_2d::Conv2d;
use smidgen_ir::ops::relu::Relu;
use smidgen_ir::{Activation, DType, Interpreter, IrError, NodeIdx, Op, Padding, Quant, Tensor};

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn inputs_and_outputs_are_concatenated_and_layers_come_in_order() {
    let mut net = Builder::new("two", |parameter| (1..=parameter.n_elements()).map(|at| at as f32).collect());
    let a = net.input("a", &[1, 2]);
    let b = net.input("b", &[1, 1, 2]);
    let flat = net.reshape(b, &[1, 2]);
    let sum = net.add(a, flat);
    let y = net.fully_connected(sum, 1);
    let graph = net.finish(&[flat, y]).unwrap();
    let mut interpreter = Interpreter::new(&graph).unwrap();
    let mut layers = Vec::new();
    let outputs = interpreter
        .run_layers(&bytes(&[1.0, 2.0, 10.0, 20.0]), &mut |NodeIdx(node), result| {
            layers.push((node, result.concat()))
        })
        .unwrap();
    // 1 * 11 + 2 * 22 + the bias 1.
    assert_eq!(outputs, bytes(&[10.0, 20.0, 56.0]));
    assert_eq!(layers, [(0, bytes(&[10.0, 20.0])), (1, bytes(&[11.0, 22.0])), (2, bytes(&[56.0]))]);
    // A second inference does not see the first one.
    assert_eq!(interpreter.run(&bytes(&[0.0; 4])).unwrap(), bytes(&[0.0, 0.0, 1.0]));
}

#[test]
fn an_int8_convolution_computes_in_integers() {
    let mut net = Builder::new("int8", |_| Vec::new());
    let x = net.input_int8("x", &[1, 1, 2, 1], Quant::per_tensor(0.5, 1));
    let filter = Tensor::const_i8("w", vec![2, 1, 1, 1], &[2, -3], Quant::per_channel(vec![0.25, 0.5], 0));
    let bias = Tensor::const_i32("b", vec![2], &[8, 0], Some(Quant::per_channel(vec![0.125, 0.25], 0)));
    let (filter, bias) = (net.constant(filter), net.constant(bias));
    let op = Op::Conv2d(Conv2d {
        stride: [1, 1],
        dilation: [1, 1],
        padding: Padding::Valid,
        activation: Activation::Relu,
    });
    let y = net.node(op, &[Some(x), Some(filter), Some(bias)], Some(Quant::per_tensor(0.25, -10)));
    let z = net.dequantize(y);
    let graph = net.finish(&[y, z]).unwrap();
    // x = 5 and -3 mean 2 and -2: 0.5 * 2 + 1 = 2 and -1.5 * 2 < 0; then 0.5 * -2 + 1 = 0 and -1.5 * -2 = 3.
    let outputs = Interpreter::new(&graph).unwrap().run(&[5, (-3i8).cast_unsigned()]).unwrap();
    let int8: Vec<i8> = outputs[..4].iter().map(|byte| byte.cast_signed()).collect();
    assert_eq!(int8, [-2, -10, -10, 2]);
    assert_eq!(outputs[4..], bytes(&[2.0, 0.0, 0.0, 3.0]));
}

#[test]
fn a_float_model_may_quantise_inside() {
    let mut net = Builder::new("inside", |_| Vec::new());
    let x = net.input("x", &[3]);
    let q = net.quantize(x, Quant::per_tensor(0.5, -3));
    let relu = Op::Relu(Relu);
    let q = net.node(relu, &[Some(q)], Some(Quant::per_tensor(0.25, -128)));
    let y = net.dequantize(q);
    let graph = net.finish(&[y]).unwrap();
    assert_eq!(graph.tensor(q).dtype, DType::I8);
    let outputs = Interpreter::new(&graph).unwrap().run(&bytes(&[-1.0, 0.75, 7.3])).unwrap();
    // 0.75 rounds away from zero to two halves.
    assert_eq!(outputs, bytes(&[0.0, 1.0, 7.5]));
}

#[test]
fn an_inference_takes_exactly_its_bytes() {
    let mut net = Builder::new("net", |_| Vec::new());
    let x = net.input("x", &[2]);
    let y = net.relu(x);
    let mut interpreter = Interpreter::new(&net.finish(&[y]).unwrap()).unwrap();
    for length in [0, 7, 9, 16] {
        let error = interpreter.run(&vec![0; length]).unwrap_err();
        assert_eq!(error, IrError::InputLength { expected: 8, found: length });
    }
    assert_eq!(interpreter.run(&bytes(&[-1.0, 2.0])).unwrap(), bytes(&[0.0, 2.0]));
}

#[test]
fn the_builder_tells_the_first_mistake() {
    let mut net = Builder::new("net", |parameter| vec![0.0; parameter.n_elements()]);
    let x = net.input("x", &[1, 4, 4, 1]);
    let y = net.conv_2d(x, Conv::new(2, [5, 5]).valid());
    let y = net.softmax(y);
    let error = net.finish(&[y]).unwrap_err().to_string();
    assert_eq!(
        error,
        "node 0 CONV_2D: its window spans 5 along the height, the input only 4 (VALID padding)"
    );

    let mut net = Builder::new("net", |_| vec![0.0]);
    let x = net.input("x", &[1, 4]);
    let y = net.fully_connected(x, 3);
    assert!(matches!(net.finish(&[y]), Err(IrError::Invalid(problems)) if problems.len() == 2));
}
