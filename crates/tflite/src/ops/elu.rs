//! ELU: no options.

use smidgen_ir::{Graph, Node, Op, ops::elu::Elu};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Elu(Elu))
}

pub(super) fn write(_: &Elu, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::ELU), Version(1), Options::default())
}
