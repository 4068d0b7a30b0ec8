//! Small graphs for the unit tests.

use smidgen_ir::ops::{conv_2d::Conv2d, fully_connected::FullyConnected, pad::Pad, reshape::Reshape};
use smidgen_ir::{Activation, DType, Graph, Node, Op, Padding, Quant, Tensor, TensorIdx};

/// A tensor with per-tensor quantisation where it is int8.
fn activation(name: &str, dtype: DType, shape: &[usize]) -> Tensor {
    let quant = (dtype == DType::I8).then(|| Quant::per_tensor(0.5, 3));
    Tensor { quant, ..Tensor::activation(name, dtype, shape.to_vec()) }
}

/// A graph `x → op → y` of the given type and shapes, with more operands after x.
pub(crate) fn one_node(op: Op, dtype: DType, from: &[usize], to: &[usize], operands: Vec<Tensor>) -> Graph {
    let mut graph = Graph { name: "sample".to_owned(), ..Graph::default() };
    let x = graph.add_tensor(activation("x", dtype, from));
    let inputs = std::iter::once(x).chain(operands.into_iter().map(|tensor| graph.add_tensor(tensor)));
    let inputs: Vec<Option<TensorIdx>> = inputs.map(Some).collect();
    let y = graph.add_tensor(activation("y", dtype, to));
    graph.nodes.push(Node { op, inputs, outputs: vec![y] });
    (graph.inputs, graph.outputs) = (vec![x], vec![y]);
    graph
}

/// Attributes of a 1×1 convolution.
pub(crate) fn conv_attributes() -> Conv2d {
    Conv2d { stride: [1, 1], dilation: [1, 1], padding: Padding::Same, activation: Activation::Relu }
}

/// A float convolution with 3×1×1×2 weights on 1×4×4×2.
pub(crate) fn float_conv() -> Graph {
    let filter = Tensor::const_f32("filter", vec![3, 1, 1, 2], &[1.0, -2.0, 3.0, -4.0, 5.0, -6.0]);
    let bias = Tensor::const_f32("bias", vec![3], &[7.0, 8.0, 9.0]);
    one_node(Op::Conv2d(conv_attributes()), DType::F32, &[1, 4, 4, 2], &[1, 4, 4, 3], vec![filter, bias])
}

/// An int8 convolution as [`float_conv`], per channel.
pub(crate) fn int8_conv() -> Graph {
    let scales = vec![0.5, 0.25, 0.125];
    let bias = Quant::per_channel(scales.iter().map(|scale| scale * 0.5).collect(), 0);
    let filter =
        Tensor::const_i8("filter", vec![3, 1, 1, 2], &[1, -2, 3, -4, 5, -6], Quant::per_channel(scales, 0));
    let bias = Tensor::const_i32("bias", vec![3], &[7, 8, 9], Some(bias));
    one_node(Op::Conv2d(conv_attributes()), DType::I8, &[1, 4, 4, 2], &[1, 4, 4, 3], vec![filter, bias])
}

/// A float fully connected layer from 2 to 3, without bias.
pub(crate) fn float_fully_connected() -> Graph {
    let weights = Tensor::const_f32("weights", vec![3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    one_node(Op::FullyConnected(FullyConnected::default()), DType::F32, &[1, 2], &[1, 3], vec![weights])
}

/// A reshape from 2×6 to 3×4.
pub(crate) fn reshape(dtype: DType) -> Graph {
    one_node(Op::Reshape(Reshape { shape: vec![3, -1] }), dtype, &[2, 6], &[3, 4], vec![])
}

/// A padding of 2×6 to 4×9.
pub(crate) fn pad(dtype: DType) -> Graph {
    one_node(Op::Pad(Pad { paddings: vec![[1, 1], [3, 0]] }), dtype, &[2, 6], &[4, 9], vec![])
}
