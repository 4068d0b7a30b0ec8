//! RSQRT: no options.

use smidgen_ir::{Graph, Node, Op, ops::rsqrt::Rsqrt};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Rsqrt(Rsqrt))
}

pub(super) fn write(_: &Rsqrt, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::RSQRT), Version::by_type(graph, node, 2, 3), Options::default())
}
