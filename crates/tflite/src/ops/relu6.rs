//! RELU6: no options.

use smidgen_ir::{Graph, Node, Op, ops::relu6::Relu6};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Relu6(Relu6))
}

pub(super) fn write(_: &Relu6, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::RELU6), Version::by_type(graph, node, 2, 3), Options::default())
}
