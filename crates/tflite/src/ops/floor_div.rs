//! FLOOR_DIV: `FloorDivOptions`, which has no fields.

use smidgen_ir::{DType, Graph, Node, Op, ops::floor_div::FloorDiv};

use super::encode::operand_type;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::FloorDiv(FloorDiv))
}

pub(super) fn write(_: &FloorDiv, graph: &Graph, node: &Node) -> Encoded {
    let version = match operand_type(graph, node, 0) {
        Some(DType::F32) => Version(2),
        _ => Version(1),
    };
    Encoded::new(Code::Builtin(builtin::FLOOR_DIV), version, Options::new(options::FLOOR_DIV))
}
