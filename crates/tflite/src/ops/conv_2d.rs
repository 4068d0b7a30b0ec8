//! CONV_2D: `Conv2DOptions`.

use smidgen_ir::{DType, Graph, Node, Op, ops::conv_2d::Conv2d};

use super::encode::operand_type;
use super::{Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, conv_2d_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let fields = source.options(options::CONV_2D)?;
    fields.refuse_bias_type(field::QUANTIZED_BIAS_TYPE)?;
    source.refuse_hybrid()?;
    Ok(Op::Conv2d(Conv2d {
        stride: fields.extents("stride", field::STRIDE_H, field::STRIDE_W, 0)?,
        dilation: fields.extents("dilation", field::DILATION_H, field::DILATION_W, 1)?,
        padding: fields.padding(field::PADDING)?,
        activation: fields.activation(field::ACTIVATION)?,
    }))
}

pub(super) fn write(op: &Conv2d, graph: &Graph, node: &Node) -> Encoded {
    let [stride_h, stride_w] = op.stride;
    let [dilation_h, dilation_w] = op.dilation;
    let options = Options::new(options::CONV_2D)
        .padding(field::PADDING, op.padding)
        .size(field::STRIDE_W, stride_w)
        .size(field::STRIDE_H, stride_h)
        .activation(field::ACTIVATION, op.activation)
        .size(field::DILATION_W, dilation_w)
        .size(field::DILATION_H, dilation_h);
    Encoded { code: builtin::CONV_2D, version: version(graph, node), options, operand: None }
}

fn version(graph: &Graph, node: &Node) -> Version {
    if is_grouped(graph, node) {
        Version::new(6, [2, 9, 0])
    } else if operand_type(graph, node, 0) == Some(DType::I8) {
        Version::new(3, [1, 14, 0])
    } else {
        Version::new(1, [1, 5, 0])
    }
}

fn is_grouped(graph: &Graph, node: &Node) -> bool {
    let channels = |at: usize| {
        let idx = node.inputs.get(at).copied().flatten()?;
        graph.get(idx)?.shape.last().copied()
    };
    channels(0) != channels(1)
}
