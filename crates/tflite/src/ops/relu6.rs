//! RELU6: no options.

use smidgen_ir::{Graph, Node, Op, ops::relu6::Relu6};

use super::{Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Relu6(Relu6))
}

pub(super) fn write(graph: &Graph, node: &Node) -> Encoded {
    let version = Version::two_for_int8(graph, node);
    Encoded { code: builtin::RELU6, version, options: Options::default(), operand: None }
}
