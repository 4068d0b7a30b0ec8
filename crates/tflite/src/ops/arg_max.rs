//! ARG_MAX: `ArgMaxOptions`; the axis is a constant operand in the file.

use smidgen_ir::{Graph, Node, Op, ops::arg_max::ArgMax};

use super::{Encoded, Source, arg};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let (axis, int64) = arg::read(source, options::ARG_MAX)?;
    Ok(Op::ArgMax(ArgMax { axis, int64 }))
}

pub(super) fn write(op: &ArgMax, graph: &Graph, node: &Node) -> Encoded {
    arg::write(builtin::ARG_MAX, options::ARG_MAX, (op.axis, op.int64), graph, node)
}
