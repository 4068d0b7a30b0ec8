//! EXP: `ExpOptions`, which is empty.

use smidgen_ir::{Graph, Node, Op, ops::exp::Exp};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Exp(Exp))
}

pub(super) fn write(_: &Exp, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::EXP), Version::by_type(graph, node, 2, 2), Options::new(options::EXP))
}
