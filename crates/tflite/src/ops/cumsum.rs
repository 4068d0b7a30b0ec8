//! CUMSUM: `CumsumOptions`; the axis is a constant operand in the file.

use smidgen_ir::{Graph, Node, Op, Tensor, ops::cumsum::Cumsum};

use super::{Code, Encoded, Options, Source, Value, Version, reducer};
use crate::findings::Fault;
use crate::schema::{builtin, cumsum_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let (exclusive, reverse) = match source.optional_options(options::CUMSUM)? {
        Some(fields) => (fields.table().flag(field::EXCLUSIVE)?, fields.table().flag(field::REVERSE)?),
        None => (false, false),
    };
    Ok(Op::Cumsum(Cumsum { axis: reducer::axis(source)?, exclusive, reverse }))
}

pub(super) fn write(op: &Cumsum, _: &Graph, _: &Node) -> Encoded {
    let options = Options::new(options::CUMSUM)
        .with(field::EXCLUSIVE, Value::Bool(op.exclusive))
        .with(field::REVERSE, Value::Bool(op.reverse));
    Encoded::new(Code::Builtin(builtin::CUMSUM), Version(1), options)
        .and(1, Tensor::const_i32("axis", vec![], &[op.axis], None))
}
