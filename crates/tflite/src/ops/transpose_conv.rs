//! TRANSPOSE_CONV: `TransposeConvOptions`; the shape of the result is the first operand in the file.

use smidgen_ir::{Activation, DType, Graph, Node, Op, Tensor, ops::transpose_conv::TransposeConv};

use super::encode::operand_type;
use super::{Code, Encoded, FileOperand, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, transpose_conv_options as field};

/// Positions of input, filter and bias.
pub(super) const OPERANDS: &[usize] = &[2, 1, 3];

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let fields = source.options(options::TRANSPOSE_CONV)?;
    fields.refuse_bias_type(field::QUANTIZED_BIAS_TYPE)?;
    // TFLM has static shapes and takes the result's; the operand may then be an activation.
    let (Some(height), Some(width)) = (source.result_extent(0, 1)?, source.result_extent(0, 2)?) else {
        return Err(Fault::message("its result must have 4 dimensions; convert the model again"));
    };
    Ok(Op::TransposeConv(TransposeConv {
        output: [height, width],
        stride: fields.extents("stride", field::STRIDE_H, field::STRIDE_W, 0)?,
        padding: fields.padding(field::PADDING)?,
        activation: fields.activation(field::ACTIVATION)?,
    }))
}

pub(super) fn write(op: &TransposeConv, graph: &Graph, node: &Node) -> Encoded {
    let [stride_h, stride_w] = op.stride;
    let options = Options::new(options::TRANSPOSE_CONV)
        .padding(field::PADDING, op.padding)
        .size(field::STRIDE_W, stride_w)
        .size(field::STRIDE_H, stride_h)
        .activation(field::ACTIVATION, op.activation);
    let result = node.outputs.first().and_then(|&idx| graph.get(idx));
    // Extents of a tensor fit 32 bits; the writer refuses those that do not.
    let shape: Vec<i32> = result.map_or(&[][..], |result| &result.shape).iter().map(|&n| n as i32).collect();
    let shape = Tensor::const_i32("output_shape", vec![shape.len()], &shape, None);
    let mut operands = vec![FileOperand::Constant(shape), FileOperand::Node(1), FileOperand::Node(0)];
    if has_bias(node) {
        operands.push(FileOperand::Node(2));
    }
    Encoded::new(Code::Builtin(builtin::TRANSPOSE_CONV), version(op, graph, node), options)
        .with_operands(operands)
}

fn has_bias(node: &Node) -> bool {
    node.inputs.get(2).copied().flatten().is_some()
}

fn version(op: &TransposeConv, graph: &Graph, node: &Node) -> Version {
    if op.activation != Activation::None {
        Version(4)
    } else if has_bias(node) {
        Version(3)
    } else if operand_type(graph, node, 0) == Some(DType::I8) {
        Version(2)
    } else {
        Version(1)
    }
}
