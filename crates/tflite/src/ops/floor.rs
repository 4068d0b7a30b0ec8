//! FLOOR: no options.

use smidgen_ir::{Graph, Node, Op, ops::floor::Floor};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Floor(Floor))
}

pub(super) fn write(_: &Floor, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::FLOOR), Version(1), Options::default())
}
