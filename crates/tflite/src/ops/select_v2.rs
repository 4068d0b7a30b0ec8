//! SELECT_V2: `SelectV2Options`, which has no fields.

use smidgen_ir::{Graph, Node, Op, ops::select_v2::SelectV2};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::SelectV2(SelectV2))
}

pub(super) fn write(_: &SelectV2, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::SELECT_V2), Version(1), Options::new(options::SELECT_V2))
}
