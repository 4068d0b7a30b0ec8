//! PADV2: `PadV2Options`, which has no fields; the paddings are a constant operand in the file, the value is one of the node.

use smidgen_ir::{DType, Graph, Node, Op, ops::padv2::PadV2};

use super::attribute_operands as operand;
use super::{Code, Encoded, FileOperand, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::PadV2(PadV2 { paddings: operand::pairs(source, 1, "paddings")? }))
}

pub(super) fn write(op: &PadV2, graph: &Graph, node: &Node) -> Encoded {
    let version = match op.paddings.len() {
        5.. => Version(4),
        _ => Version::of_type(graph, node, &[(DType::I8, 2), (DType::I16, 3)]),
    };
    let paddings = FileOperand::Constant(operand::pair_list("paddings", &op.paddings));
    Encoded::new(Code::Builtin(builtin::PADV2), version, Options::new(options::PADV2)).with_operands(vec![
        FileOperand::Node(0),
        paddings,
        FileOperand::Node(1),
    ])
}
