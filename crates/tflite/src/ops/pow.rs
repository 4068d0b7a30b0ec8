//! POW: `PowOptions`, which has no fields.

use smidgen_ir::{Graph, Node, Op, ops::pow::Pow};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Pow(Pow))
}

pub(super) fn write(_: &Pow, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::POW), Version(1), Options::new(options::POW))
}
