//! ABS: `AbsOptions`, which is empty.

use smidgen_ir::{Graph, Node, Op, ops::abs::Abs};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Abs(Abs))
}

pub(super) fn write(_: &Abs, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::ABS), Version::by_type(graph, node, 2, 3), Options::new(options::ABS))
}
