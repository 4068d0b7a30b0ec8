//! SQRT: no options.

use smidgen_ir::{Graph, Node, Op, ops::sqrt::Sqrt};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Sqrt(Sqrt))
}

pub(super) fn write(_: &Sqrt, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::SQRT), Version::by_type(graph, node, 2, 2), Options::default())
}
