//! TANH: no options.

use smidgen_ir::{Graph, Node, Op, ops::tanh::Tanh};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Tanh(Tanh))
}

pub(super) fn write(_: &Tanh, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::TANH), Version::by_type(graph, node, 2, 3), Options::default())
}
