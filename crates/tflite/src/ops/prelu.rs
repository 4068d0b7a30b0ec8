//! PRELU: no options.

use smidgen_ir::{Graph, Node, Op, ops::prelu::Prelu};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Prelu(Prelu))
}

pub(super) fn write(_: &Prelu, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::PRELU), Version(1), Options::default())
}
