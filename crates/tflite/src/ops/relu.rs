//! RELU: no options.

use smidgen_ir::{DType, Graph, Node, Op, ops::relu::Relu};

use super::encode::operand_type;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Relu(Relu))
}

pub(super) fn write(_: &Relu, graph: &Graph, node: &Node) -> Encoded {
    let version = match operand_type(graph, node, 0) {
        Some(DType::I8) => Version(2),
        _ => Version(1),
    };
    Encoded::new(Code::Builtin(builtin::RELU), version, Options::default())
}
