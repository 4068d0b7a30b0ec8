//! STRIDED_SLICE: `StridedSliceOptions`; begin, end and strides are constant operands in the file.

use smidgen_ir::{DType, Graph, Node, Op, ops::strided_slice::StridedSlice};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, strided_slice_options as field};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let begin = operand::ints(source, 1, "begin")?;
    let end = operand::ints(source, 2, "end")?;
    let strides = operand::ints(source, 3, "strides")?;
    let fields = source.options(options::STRIDED_SLICE)?;
    let mask = |id| fields.table().scalar(id, 0i32);
    Ok(Op::StridedSlice(StridedSlice {
        begin,
        end,
        strides,
        begin_mask: mask(field::BEGIN_MASK)?,
        end_mask: mask(field::END_MASK)?,
        ellipsis_mask: mask(field::ELLIPSIS_MASK)?,
        new_axis_mask: mask(field::NEW_AXIS_MASK)?,
        shrink_axis_mask: mask(field::SHRINK_AXIS_MASK)?,
        offset: fields.table().flag(field::OFFSET)?,
    }))
}

pub(super) fn write(op: &StridedSlice, graph: &Graph, node: &Node) -> Encoded {
    let masks = [
        (field::BEGIN_MASK, op.begin_mask),
        (field::END_MASK, op.end_mask),
        (field::ELLIPSIS_MASK, op.ellipsis_mask),
        (field::NEW_AXIS_MASK, op.new_axis_mask),
        (field::SHRINK_AXIS_MASK, op.shrink_axis_mask),
    ];
    let options = masks
        .into_iter()
        .fold(Options::new(options::STRIDED_SLICE), |options, (id, mask)| options.with(id, Value::Int(mask)));
    let options = options.with(field::OFFSET, Value::Bool(op.offset));
    let version = if op.offset {
        Version(8)
    } else if op.ellipsis_mask != 0 || op.new_axis_mask != 0 {
        Version(6)
    } else if op.begin.len() > 4 {
        Version(4)
    } else {
        Version::of_type(graph, node, &[(DType::I8, 2), (DType::Bool, 3)])
    };
    Encoded::new(Code::Builtin(builtin::STRIDED_SLICE), version, options)
        .and(1, operand::list("begin", &op.begin))
        .and(1, operand::list("end", &op.end))
        .and(1, operand::list("strides", &op.strides))
}
