//! DEPTHWISE_CONV_2D: `DepthwiseConv2DOptions`.

use smidgen_ir::{DType, Graph, Node, Op, ops::depthwise_conv_2d::DepthwiseConv2d};

use super::encode::operand_type;
use super::source::Fields;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, depthwise_conv_2d_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let fields = source.options(options::DEPTHWISE_CONV_2D)?;
    Ok(Op::DepthwiseConv2d(DepthwiseConv2d {
        depth_multiplier: depth_multiplier(source, &fields)?,
        stride: fields.extents("stride", field::STRIDE_H, field::STRIDE_W, 0)?,
        dilation: fields.extents("dilation", field::DILATION_H, field::DILATION_W, 1)?,
        padding: fields.padding(field::PADDING)?,
        activation: fields.activation(field::ACTIVATION)?,
    }))
}

/// TFLite takes the multiplier from the shapes and some writers leave the field 0, so the shapes decide.
fn depth_multiplier(source: &Source<'_>, fields: &Fields<'_>) -> Result<usize, Fault> {
    let from_shapes = match (source.extent(0, 3)?, source.extent(1, 3)?) {
        (Some(channels), Some(outputs)) if channels > 0 && outputs % channels == 0 => {
            Some(outputs / channels)
        }
        _ => None,
    };
    let field = fields.table().scalar(field::DEPTH_MULTIPLIER, 0i32)?;
    let multiplier = from_shapes.or_else(|| usize::try_from(field).ok()).filter(|&multiplier| multiplier > 0);
    multiplier.ok_or_else(|| {
        Fault::message(format!("depth_multiplier {field} must be at least 1; convert the model again"))
    })
}

pub(super) fn write(op: &DepthwiseConv2d, graph: &Graph, node: &Node) -> Encoded {
    let [stride_h, stride_w] = op.stride;
    let [dilation_h, dilation_w] = op.dilation;
    let options = Options::new(options::DEPTHWISE_CONV_2D)
        .padding(field::PADDING, op.padding)
        .size(field::STRIDE_W, stride_w)
        .size(field::STRIDE_H, stride_h)
        .size(field::DEPTH_MULTIPLIER, op.depth_multiplier)
        .activation(field::ACTIVATION, op.activation)
        .size(field::DILATION_W, dilation_w)
        .size(field::DILATION_H, dilation_h);
    Encoded::new(Code::Builtin(builtin::DEPTHWISE_CONV_2D), version(op, graph, node), options)
}

fn version(op: &DepthwiseConv2d, graph: &Graph, node: &Node) -> Version {
    if operand_type(graph, node, 1) == Some(DType::I4) {
        Version(7)
    } else if operand_type(graph, node, 0) == Some(DType::I16) {
        Version(5)
    } else if operand_type(graph, node, 0) == Some(DType::I8) {
        Version(3)
    } else if op.dilation != [1, 1] {
        Version(2)
    } else {
        Version(1)
    }
}
