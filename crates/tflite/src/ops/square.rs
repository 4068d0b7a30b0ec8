//! SQUARE: `SquareOptions`, which is empty.

use smidgen_ir::{Graph, Node, Op, ops::square::Square};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Square(Square))
}

pub(super) fn write(_: &Square, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::SQUARE), Version(1), Options::new(options::SQUARE))
}
