//! SLICE: `SliceOptions`, which has no fields; begin and size are constant operands in the file.

use smidgen_ir::{DType, Graph, Node, Op, ops::slice::Slice};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let begin = operand::ints(source, 1, "begin")?;
    Ok(Op::Slice(Slice { begin, size: operand::ints(source, 2, "size")? }))
}

pub(super) fn write(op: &Slice, graph: &Graph, node: &Node) -> Encoded {
    let version = match op.begin.len() {
        5.. => Version(5),
        _ => Version::of_type(graph, node, &[(DType::I8, 2), (DType::I16, 4)]),
    };
    Encoded::new(Code::Builtin(builtin::SLICE), version, Options::new(options::SLICE))
        .and(1, operand::list("begin", &op.begin))
        .and(1, operand::list("size", &op.size))
}
