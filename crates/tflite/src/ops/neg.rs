//! NEG: `NegOptions`, which is empty.

use smidgen_ir::{Graph, Node, Op, ops::neg::Neg};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Neg(Neg))
}

pub(super) fn write(_: &Neg, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::NEG), Version(1), Options::new(options::NEG))
}
