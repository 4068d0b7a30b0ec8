//! REDUCE_MIN: `ReducerOptions`; the axes are a constant operand in the file.

use smidgen_ir::{Graph, Node, Op, ops::reduce_min::ReduceMin};

use super::reducer::{self, version};
use super::{Encoded, Source};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let (axes, keep_dims) = reducer::read(source)?;
    Ok(Op::ReduceMin(ReduceMin { axes, keep_dims }))
}

pub(super) fn write(op: &ReduceMin, graph: &Graph, node: &Node) -> Encoded {
    reducer::write(builtin::REDUCE_MIN, version(graph, node), &op.axes, op.keep_dims)
}
