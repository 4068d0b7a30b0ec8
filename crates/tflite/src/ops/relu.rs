//! RELU: no options.

use smidgen_ir::{Graph, Node, Op, ops::relu::Relu};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Relu(Relu))
}

pub(super) fn write(_: &Relu, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::RELU), Version::by_type(graph, node, 2, 3), Options::default())
}
