//! CEIL: no options.

use smidgen_ir::{Graph, Node, Op, ops::ceil::Ceil};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Ceil(Ceil))
}

pub(super) fn write(_: &Ceil, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::CEIL), Version(1), Options::default())
}
