//! COS: `CosOptions`, which is empty.

use smidgen_ir::{Graph, Node, Op, ops::cos::Cos};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Cos(Cos))
}

pub(super) fn write(_: &Cos, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::COS), Version(1), Options::new(options::COS))
}
