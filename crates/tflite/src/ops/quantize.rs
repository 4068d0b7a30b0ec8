//! QUANTIZE: `QuantizeOptions`, which has no fields.

use smidgen_ir::{Graph, Node, Op, ops::quantize::Quantize};

use super::encode::is_per_channel;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Quantize(Quantize))
}

pub(super) fn write(_: &Quantize, graph: &Graph, node: &Node) -> Encoded {
    let version = if is_per_channel(graph, node.outputs.first().copied()) { Version(3) } else { Version(1) };
    Encoded::new(Code::Builtin(builtin::QUANTIZE), version, Options::new(options::QUANTIZE))
}
