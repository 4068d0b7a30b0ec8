//! AVERAGE_POOL_2D: `Pool2DOptions`.

use smidgen_ir::{Graph, Node, Op, ops::average_pool_2d::AveragePool2d};

use super::pool_2d::Pool2d;
use super::{Code, Encoded, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let Pool2d { window, stride, padding, activation } = Pool2d::read(source)?;
    Ok(Op::AveragePool2d(AveragePool2d { window, stride, padding, activation }))
}

pub(super) fn write(op: &AveragePool2d, graph: &Graph, node: &Node) -> Encoded {
    let AveragePool2d { window, stride, padding, activation } = *op;
    let options = Pool2d { window, stride, padding, activation }.write();
    Encoded::new(Code::Builtin(builtin::AVERAGE_POOL_2D), Version::by_type(graph, node, 2, 3), options)
}
