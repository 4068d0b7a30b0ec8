//! LESS_EQUAL: `LessEqualOptions`, which has no fields.

use smidgen_ir::{DType, Graph, Node, Op, ops::less_equal::LessEqual};

use super::encode::operand_type;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::LessEqual(LessEqual))
}

pub(super) fn write(_: &LessEqual, graph: &Graph, node: &Node) -> Encoded {
    let version = match operand_type(graph, node, 0) {
        Some(DType::I8) => Version(2),
        _ => Version(1),
    };
    Encoded::new(Code::Builtin(builtin::LESS_EQUAL), version, Options::new(options::LESS_EQUAL))
}
