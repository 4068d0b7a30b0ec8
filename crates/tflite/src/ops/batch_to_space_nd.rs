//! BATCH_TO_SPACE_ND: `BatchToSpaceNDOptions`, which has no fields; block and crops are constant operands in the file.

use smidgen_ir::{DType, Graph, Node, Op, ops::batch_to_space_nd::BatchToSpaceNd};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let block = operand::sizes(source, 1, "block")?;
    Ok(Op::BatchToSpaceNd(BatchToSpaceNd { block, crops: operand::pairs(source, 2, "crops")? }))
}

pub(super) fn write(op: &BatchToSpaceNd, graph: &Graph, node: &Node) -> Encoded {
    let least = if op.block.len() == 2 { Version(1) } else { Version(3) };
    let version = Version::of_type(graph, node, &[(DType::I8, 2), (DType::I16, 4)]).max(least);
    Encoded::new(Code::Builtin(builtin::BATCH_TO_SPACE_ND), version, Options::new(options::BATCH_TO_SPACE_ND))
        .and(1, operand::size_list("block", &op.block))
        .and(1, operand::pair_list("crops", &op.crops))
}
