//! FILL: `FillOptions`, which has no fields; the shape is a constant operand in the file, before the value.

use smidgen_ir::{DType, Graph, Node, Op, ops::fill::Fill};

use super::attribute_operands as operand;
use super::{Code, Encoded, FileOperand, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Fill(Fill { shape: operand::shape(source, 0)? }))
}

pub(super) fn write(op: &Fill, graph: &Graph, node: &Node) -> Encoded {
    let types = [(DType::Bool, 2), (DType::I8, 3), (DType::I16, 3), (DType::F16, 4)];
    let shape = FileOperand::Constant(operand::size_list("shape", &op.shape));
    Encoded::new(
        Code::Builtin(builtin::FILL),
        Version::of_type(graph, node, &types),
        Options::new(options::FILL),
    )
    .with_operands(vec![shape, FileOperand::Node(0)])
}
