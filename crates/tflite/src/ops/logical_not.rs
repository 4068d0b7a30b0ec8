//! LOGICAL_NOT: `LogicalNotOptions`, which has no fields.

use smidgen_ir::{Graph, Node, Op, ops::logical_not::LogicalNot};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::LogicalNot(LogicalNot))
}

pub(super) fn write(_: &LogicalNot, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::LOGICAL_NOT), Version(1), Options::new(options::LOGICAL_NOT))
}
