//! LOGISTIC: no options.

use smidgen_ir::{Graph, Node, Op, ops::logistic::Logistic};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Logistic(Logistic))
}

pub(super) fn write(_: &Logistic, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::LOGISTIC), Version::by_type(graph, node, 2, 3), Options::default())
}
