//! DYNAMIC_UPDATE_SLICE: `DynamicUpdateSliceOptions`, which has no fields.

use smidgen_ir::{Graph, Node, Op, ops::dynamic_update_slice::DynamicUpdateSlice};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::DynamicUpdateSlice(DynamicUpdateSlice {}))
}

pub(super) fn write(_op: &DynamicUpdateSlice, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::new(
        Code::Builtin(builtin::DYNAMIC_UPDATE_SLICE),
        Version(1),
        Options::new(options::DYNAMIC_UPDATE_SLICE),
    )
}
