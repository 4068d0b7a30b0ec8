use super::*;
use crate::Quant;
use crate::build::Builder;
use crate::ops::conv_2d::Conv2d;
use crate::ops::relu::Relu;
use crate::{Activation, Padding};

#[test]
fn a_convolution_by_hand() {
    // Three channels of one pixel.
    let mut net = Builder::new("net", |_| Vec::new());
    let x = net.input_int8("x", &[1, 1, 1, 1], Quant::per_tensor(1.0, -28));
    let filter = [1, -2, 0].to_vec();
    let filter =
        net.constant(Tensor::const_i8("filter", vec![3, 1, 1, 1], &filter, Quant::per_tensor(1.0, 0)));
    let bias = net.constant(Tensor::const_i32("bias", vec![3], &[5, 7, 9], Some(Quant::per_tensor(1.0, 0))));
    let conv =
        Conv2d { stride: [1, 1], dilation: [1, 1], padding: Padding::Same, activation: Activation::None };
    let quant = Some(Quant::per_tensor(2.0, 10));
    let y = net.node(Op::Conv2d(conv), &[Some(x), Some(filter), Some(bias)], quant);
    let z = net.node(Op::Relu(Relu), &[Some(y)], Some(Quant::per_tensor(2.0, 10)));
    let graph = net.finish(&[z]).unwrap();
    let known = bounds(&graph);
    // x is -100 to 155 as a real value; a half of 5 + x, 7 - 2x and 9, plus 10; halves go up.
    let found = known[y.idx()].as_ref().unwrap();
    assert_eq!(
        (found.low.as_slice(), found.high.as_slice()),
        ([-37, -128, 15].as_slice(), [90, 114, 15].as_slice())
    );
    let found = known[z.idx()].as_ref().unwrap();
    assert_eq!(
        (found.low.as_slice(), found.high.as_slice()),
        ([10, 10, 15].as_slice(), [90, 114, 15].as_slice())
    );
    assert_eq!([0, 1, 2].map(|channel| found.constant(channel, 3)), [None, None, Some(15)]);
}
