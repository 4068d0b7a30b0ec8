//! L2_POOL_2D: `Pool2DOptions`.

use smidgen_ir::{Graph, Node, Op, ops::l2_pool_2d::L2Pool2d};

use super::pool_2d::Pool2d;
use super::{Code, Encoded, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let Pool2d { window, stride, padding, activation } = Pool2d::read(source)?;
    Ok(Op::L2Pool2d(L2Pool2d { window, stride, padding, activation }))
}

pub(super) fn write(op: &L2Pool2d, _graph: &Graph, _node: &Node) -> Encoded {
    let L2Pool2d { window, stride, padding, activation } = *op;
    let options = Pool2d { window, stride, padding, activation }.write();
    Encoded::new(Code::Builtin(builtin::L2_POOL_2D), Version(1), options)
}
