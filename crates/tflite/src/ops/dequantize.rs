//! DEQUANTIZE: `DequantizeOptions`, which has no fields.

use smidgen_ir::{DType, Graph, Node, Op, ops::dequantize::Dequantize};

use super::encode::{is_per_channel, operand_type};
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Dequantize(Dequantize))
}

pub(super) fn write(_: &Dequantize, graph: &Graph, node: &Node) -> Encoded {
    let version = match operand_type(graph, node, 0) {
        _ if is_per_channel(graph, node.inputs.first().copied().flatten()) => Version(5),
        Some(DType::F16 | DType::I16) => Version(3),
        Some(DType::U8) => Version(1),
        _ => Version(2),
    };
    Encoded::new(Code::Builtin(builtin::DEQUANTIZE), version, Options::new(options::DEQUANTIZE))
}
