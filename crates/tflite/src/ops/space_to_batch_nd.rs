//! SPACE_TO_BATCH_ND: `SpaceToBatchNDOptions`, which has no fields; block and paddings are constant operands in the file.

use smidgen_ir::{DType, Graph, Node, Op, ops::space_to_batch_nd::SpaceToBatchNd};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let block = operand::sizes(source, 1, "block")?;
    Ok(Op::SpaceToBatchNd(SpaceToBatchNd { block, paddings: operand::pairs(source, 2, "paddings")? }))
}

pub(super) fn write(op: &SpaceToBatchNd, graph: &Graph, node: &Node) -> Encoded {
    let least = if op.block.len() == 2 { Version(1) } else { Version(3) };
    let version = Version::of_type(graph, node, &[(DType::I8, 2), (DType::I16, 4)]).max(least);
    Encoded::new(Code::Builtin(builtin::SPACE_TO_BATCH_ND), version, Options::new(options::SPACE_TO_BATCH_ND))
        .and(1, operand::size_list("block", &op.block))
        .and(1, operand::pair_list("paddings", &op.paddings))
}
