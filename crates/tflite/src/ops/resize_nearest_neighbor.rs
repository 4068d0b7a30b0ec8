//! RESIZE_NEAREST_NEIGHBOR: `ResizeNearestNeighborOptions`; the size is a constant operand in the file.

use smidgen_ir::{DType, Graph, Node, Op, ops::resize_nearest_neighbor::ResizeNearestNeighbor};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, resize_nearest_neighbor_options as field};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let size = operand::height_and_width(source, 1)?;
    let fields = source.options(options::RESIZE_NEAREST_NEIGHBOR)?;
    let flag = |id| fields.table().flag(id);
    let (align_corners, half_pixel_centers) = (flag(field::ALIGN_CORNERS)?, flag(field::HALF_PIXEL_CENTERS)?);
    Ok(Op::ResizeNearestNeighbor(ResizeNearestNeighbor { size, align_corners, half_pixel_centers }))
}

pub(super) fn write(op: &ResizeNearestNeighbor, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::RESIZE_NEAREST_NEIGHBOR)
        .with(field::ALIGN_CORNERS, Value::Bool(op.align_corners))
        .with(field::HALF_PIXEL_CENTERS, Value::Bool(op.half_pixel_centers));
    let least = if op.align_corners || op.half_pixel_centers { Version(3) } else { Version(1) };
    let version = Version::of_type(graph, node, &[(DType::I8, 2), (DType::I16, 4)]).max(least);
    Encoded::new(Code::Builtin(builtin::RESIZE_NEAREST_NEIGHBOR), version, options)
        .and(1, operand::size_list("size", &op.size))
}
