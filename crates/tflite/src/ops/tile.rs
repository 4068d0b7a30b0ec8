//! TILE: `TileOptions`, which has no fields; the multiples are a constant operand in the file.

use smidgen_ir::{DType, Graph, Node, Op, ops::tile::Tile};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Tile(Tile { multiples: operand::sizes(source, 1, "multiples")? }))
}

pub(super) fn write(op: &Tile, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(
        Code::Builtin(builtin::TILE),
        Version::of_type(graph, node, &[(DType::I8, 3)]),
        Options::new(options::TILE),
    )
    .and(1, operand::size_list("multiples", &op.multiples))
}
