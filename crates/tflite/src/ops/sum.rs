//! SUM: `ReducerOptions`; the axes are a constant operand in the file.

use smidgen_ir::{Graph, Node, Op, ops::sum::Sum};

use super::reducer;
use super::{Encoded, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let (axes, keep_dims) = reducer::read(source)?;
    Ok(Op::Sum(Sum { axes, keep_dims }))
}

pub(super) fn write(op: &Sum, graph: &Graph, node: &Node) -> Encoded {
    reducer::write(builtin::SUM, Version::two_for_int8(graph, node), &op.axes, op.keep_dims)
}
