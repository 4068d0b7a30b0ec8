//! LOGICAL_AND: `LogicalAndOptions`, which has no fields.

use smidgen_ir::{Graph, Node, Op, ops::logical_and::LogicalAnd};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::LogicalAnd(LogicalAnd))
}

pub(super) fn write(_: &LogicalAnd, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::LOGICAL_AND), Version(1), Options::new(options::LOGICAL_AND))
}
