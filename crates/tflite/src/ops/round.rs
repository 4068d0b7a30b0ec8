//! ROUND: no options.

use smidgen_ir::{Graph, Node, Op, ops::round::Round};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Round(Round))
}

pub(super) fn write(_: &Round, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::ROUND), Version(1), Options::default())
}
