//! LOGICAL_OR: `LogicalOrOptions`, which has no fields.

use smidgen_ir::{Graph, Node, Op, ops::logical_or::LogicalOr};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::LogicalOr(LogicalOr))
}

pub(super) fn write(_: &LogicalOr, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::LOGICAL_OR), Version(1), Options::new(options::LOGICAL_OR))
}
