//! DEQUANTIZE: `DequantizeOptions`, which has no fields.

use smidgen_ir::{Graph, Node, Op, ops::dequantize::Dequantize};

use super::encode::is_per_channel;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Dequantize(Dequantize))
}

pub(super) fn write(_: &Dequantize, graph: &Graph, node: &Node) -> Encoded {
    let version =
        if is_per_channel(graph, node.inputs.first().copied().flatten()) { Version(5) } else { Version(2) };
    Encoded::new(Code::Builtin(builtin::DEQUANTIZE), version, Options::new(options::DEQUANTIZE))
}
