//! MAXIMUM: `MaximumMinimumOptions`, which has no fields.

use smidgen_ir::{DType, Graph, Node, Op, ops::maximum::Maximum};

use super::encode::operand_type;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Maximum(Maximum))
}

pub(super) fn write(_: &Maximum, graph: &Graph, node: &Node) -> Encoded {
    let version = match operand_type(graph, node, 0) {
        Some(DType::I8) => Version(2),
        Some(DType::I16) => Version(4),
        _ => Version(1),
    };
    Encoded::new(Code::Builtin(builtin::MAXIMUM), version, Options::new(options::MAXIMUM_MINIMUM))
}
