//! REVERSE_V2: `ReverseV2Options`, which has no fields; the axes are a constant operand in the file.

use smidgen_ir::{DType, Graph, Node, Op, ops::reverse_v2::ReverseV2};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::ReverseV2(ReverseV2 { axes: operand::ints(source, 1, "axes")? }))
}

pub(super) fn write(op: &ReverseV2, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(
        Code::Builtin(builtin::REVERSE_V2),
        Version::of_type(graph, node, &[(DType::I8, 3), (DType::Bool, 2)]),
        Options::new(options::REVERSE_V2),
    )
    .and(1, operand::list("axes", &op.axes))
}
