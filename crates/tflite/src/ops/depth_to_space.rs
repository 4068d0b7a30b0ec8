//! DEPTH_TO_SPACE: `DepthToSpaceOptions`.

use smidgen_ir::{Graph, Node, Op, ops::depth_to_space::DepthToSpace};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, depth_to_space_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let block = source.options(options::DEPTH_TO_SPACE)?.table().scalar(field::BLOCK_SIZE, 0i32)?;
    // A block of 0 is refused with the shapes.
    Ok(Op::DepthToSpace(DepthToSpace { block: usize::try_from(block).unwrap_or(0) }))
}

pub(super) fn write(op: &DepthToSpace, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::DEPTH_TO_SPACE).size(field::BLOCK_SIZE, op.block);
    Encoded::new(Code::Builtin(builtin::DEPTH_TO_SPACE), Version::two_for_int8(graph, node), options)
}
