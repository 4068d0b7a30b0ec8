//! LOG: no options.

use smidgen_ir::{Graph, Node, Op, ops::log::Log};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Log(Log))
}

pub(super) fn write(_: &Log, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::LOG), Version::by_type(graph, node, 2, 2), Options::default())
}
