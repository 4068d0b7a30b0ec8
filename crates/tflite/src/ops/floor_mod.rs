//! FLOOR_MOD: `FloorModOptions`, which has no fields.

use smidgen_ir::{Graph, Node, Op, ops::floor_mod::FloorMod};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::FloorMod(FloorMod))
}

pub(super) fn write(_: &FloorMod, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::FLOOR_MOD), Version(1), Options::new(options::FLOOR_MOD))
}
