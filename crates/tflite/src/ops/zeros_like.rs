//! ZEROS_LIKE: `ZerosLikeOptions`, which has no fields.

use smidgen_ir::{Graph, Node, Op, ops::zeros_like::ZerosLike};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::ZerosLike(ZerosLike {}))
}

pub(super) fn write(_op: &ZerosLike, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::ZEROS_LIKE), Version(1), Options::new(options::ZEROS_LIKE))
}
