//! SELECT: `SelectOptions`, which has no fields.

use smidgen_ir::{DType, Graph, Node, Op, ops::select::Select};

use super::encode::operand_type;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Select(Select))
}

pub(super) fn write(_: &Select, graph: &Graph, node: &Node) -> Encoded {
    // The type of what is selected; the first operand is the condition.
    let version = if operand_type(graph, node, 1) == Some(DType::I8) { Version(2) } else { Version(1) };
    Encoded::new(Code::Builtin(builtin::SELECT), version, Options::new(options::SELECT))
}
