//! MAX_POOL_2D: `Pool2DOptions`.

use smidgen_ir::{Graph, Node, Op, ops::max_pool_2d::MaxPool2d};

use super::pool_2d::Pool2d;
use super::{Code, Encoded, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let Pool2d { window, stride, padding, activation } = Pool2d::read(source)?;
    Ok(Op::MaxPool2d(MaxPool2d { window, stride, padding, activation }))
}

pub(super) fn write(op: &MaxPool2d, graph: &Graph, node: &Node) -> Encoded {
    let MaxPool2d { window, stride, padding, activation } = *op;
    let options = Pool2d { window, stride, padding, activation }.write();
    Encoded::new(Code::Builtin(builtin::MAX_POOL_2D), Version::by_type(graph, node, 2, 3), options)
}
