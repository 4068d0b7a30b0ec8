//! ADD_N: `AddNOptions`, which has no fields.

use smidgen_ir::{Graph, Node, Op, ops::add_n::AddN};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::AddN(AddN))
}

pub(super) fn write(_: &AddN, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::ADD_N), Version(1), Options::new(options::ADD_N))
}
