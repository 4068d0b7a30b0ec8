//! AVERAGE_POOL_2D: `Pool2DOptions`.

use smidgen_ir::{Graph, Node, Op, ops::average_pool_2d::AveragePool2d};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, pool_2d_options as field};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let fields = source.options(options::POOL_2D)?;
    Ok(Op::AveragePool2d(AveragePool2d {
        window: fields.extents("window", field::FILTER_HEIGHT, field::FILTER_WIDTH, 0)?,
        stride: fields.extents("stride", field::STRIDE_H, field::STRIDE_W, 0)?,
        padding: fields.padding(field::PADDING)?,
        activation: fields.activation(field::ACTIVATION)?,
    }))
}

pub(super) fn write(op: &AveragePool2d, graph: &Graph, node: &Node) -> Encoded {
    let [window_h, window_w] = op.window;
    let [stride_h, stride_w] = op.stride;
    let options = Options::new(options::POOL_2D)
        .padding(field::PADDING, op.padding)
        .size(field::STRIDE_W, stride_w)
        .size(field::STRIDE_H, stride_h)
        .size(field::FILTER_WIDTH, window_w)
        .size(field::FILTER_HEIGHT, window_h)
        .activation(field::ACTIVATION, op.activation);
    Encoded::new(Code::Builtin(builtin::AVERAGE_POOL_2D), Version::by_type(graph, node, 2, 3), options)
}
