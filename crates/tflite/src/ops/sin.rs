//! SIN: no options.

use smidgen_ir::{Graph, Node, Op, ops::sin::Sin};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Sin(Sin))
}

pub(super) fn write(_: &Sin, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::SIN), Version(1), Options::default())
}
