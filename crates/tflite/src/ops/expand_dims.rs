//! EXPAND_DIMS: `ExpandDimsOptions`, which has no fields; the axis is a constant operand in the file.

use smidgen_ir::{Graph, Node, Op, ops::expand_dims::ExpandDims};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::ExpandDims(ExpandDims { axis: operand::int(source, 1, "axis")? }))
}

pub(super) fn write(op: &ExpandDims, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::EXPAND_DIMS), Version(1), Options::new(options::EXPAND_DIMS))
        .and(1, operand::scalar("axis", op.axis))
}
