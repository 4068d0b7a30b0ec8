//! SPLIT: `SplitOptions`; the axis is a constant operand in the file, before the input.

use smidgen_ir::{DType, Graph, Node, Op, ops::split::Split};

use super::attribute_operands as operand;
use super::{Code, Encoded, FileOperand, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, split_options as field};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let axis = operand::int(source, 0, "axis")?;
    let parts = source.options(options::SPLIT)?.table().scalar(field::NUM_SPLITS, 0i32)?;
    // None make no result, which the verifier reports.
    Ok(Op::Split(Split { axis, parts: usize::try_from(parts).unwrap_or(0) }))
}

pub(super) fn write(op: &Split, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::SPLIT).size(field::NUM_SPLITS, op.parts);
    let version = Version::of_type(graph, node, &[(DType::I8, 2), (DType::I32, 3), (DType::I16, 4)]);
    let axis = FileOperand::Constant(operand::scalar("axis", op.axis));
    Encoded::new(Code::Builtin(builtin::SPLIT), version, options)
        .with_operands(vec![axis, FileOperand::Node(0)])
}
