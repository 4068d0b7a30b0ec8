//! BROADCAST_TO: `BroadcastToOptions`, which has no fields; the shape is a constant operand in the file.

use smidgen_ir::{DType, Graph, Node, Op, ops::broadcast_to::BroadcastTo};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::BroadcastTo(BroadcastTo { shape: operand::shape(source, 1)? }))
}

pub(super) fn write(op: &BroadcastTo, graph: &Graph, node: &Node) -> Encoded {
    let version = Version::of_type(graph, node, &[(DType::I8, 3), (DType::I16, 3)]).max(Version(2));
    Encoded::new(Code::Builtin(builtin::BROADCAST_TO), version, Options::new(options::BROADCAST_TO))
        .and(1, operand::size_list("shape", &op.shape))
}
