//! PAD: `PadOptions`, which has no fields; the paddings are a constant operand in the file.

use smidgen_ir::{DType, Graph, Node, Op, ops::pad::Pad};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Pad(Pad { paddings: operand::pairs(source, 1, "paddings")? }))
}

pub(super) fn write(op: &Pad, graph: &Graph, node: &Node) -> Encoded {
    let version = match op.paddings.len() {
        5.. => Version(4),
        _ => Version::of_type(graph, node, &[(DType::I8, 2), (DType::I16, 3)]),
    };
    Encoded::new(Code::Builtin(builtin::PAD), version, Options::new(options::PAD))
        .and(1, operand::pair_list("paddings", &op.paddings))
}
