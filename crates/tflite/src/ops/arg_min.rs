//! ARG_MIN: `ArgMinOptions`; the axis is a constant operand in the file.

use smidgen_ir::{Graph, Node, Op, ops::arg_min::ArgMin};

use super::{Encoded, Source, arg};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let (axis, int64) = arg::read(source, options::ARG_MIN)?;
    Ok(Op::ArgMin(ArgMin { axis, int64 }))
}

pub(super) fn write(op: &ArgMin, graph: &Graph, node: &Node) -> Encoded {
    arg::write(builtin::ARG_MIN, options::ARG_MIN, (op.axis, op.int64), graph, node)
}
