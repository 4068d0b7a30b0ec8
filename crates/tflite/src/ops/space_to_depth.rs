//! SPACE_TO_DEPTH: `SpaceToDepthOptions`.

use smidgen_ir::{Graph, Node, Op, ops::space_to_depth::SpaceToDepth};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, space_to_depth_options as field};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let block = source.options(options::SPACE_TO_DEPTH)?.table().scalar(field::BLOCK_SIZE, 0i32)?;
    // A block of 0 is refused with the shapes.
    Ok(Op::SpaceToDepth(SpaceToDepth { block: usize::try_from(block).unwrap_or(0) }))
}

pub(super) fn write(op: &SpaceToDepth, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::SPACE_TO_DEPTH).size(field::BLOCK_SIZE, op.block);
    Encoded::new(Code::Builtin(builtin::SPACE_TO_DEPTH), Version::two_for_int8(graph, node), options)
}
