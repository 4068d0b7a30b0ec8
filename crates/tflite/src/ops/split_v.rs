//! SPLIT_V: `SplitVOptions`; sizes and axis are constant operands in the file.

use smidgen_ir::{DType, Graph, Node, Op, ops::split_v::SplitV};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, split_v_options as field};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let sizes = operand::ints(source, 1, "sizes")?;
    Ok(Op::SplitV(SplitV { axis: operand::int(source, 2, "axis")?, sizes }))
}

pub(super) fn write(op: &SplitV, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::SPLIT_V).size(field::NUM_SPLITS, op.sizes.len());
    Encoded::new(Code::Builtin(builtin::SPLIT_V), Version::of_type(graph, node, &[(DType::I8, 2)]), options)
        .and(1, operand::list("sizes", &op.sizes))
        .and(1, operand::scalar("axis", op.axis))
}
