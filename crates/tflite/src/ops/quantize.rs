//! QUANTIZE: `QuantizeOptions`, which has no fields.

use smidgen_ir::{DType, Graph, Node, Op, ops::quantize::Quantize};

use super::encode::{is_per_channel, operand_type};
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Quantize(Quantize { to: source.result_type(0)? }))
}

pub(super) fn write(op: &Quantize, graph: &Graph, node: &Node) -> Encoded {
    let int16 = op.to == DType::I16 || operand_type(graph, node, 0) == Some(DType::I16);
    let version = match is_per_channel(graph, node.outputs.first().copied()) {
        true => Version(3),
        false if int16 => Version(2),
        false => Version(1),
    };
    Encoded::new(Code::Builtin(builtin::QUANTIZE), version, Options::new(options::QUANTIZE))
}
