//! HARD_SWISH: `HardSwishOptions`, which is empty.

use smidgen_ir::{Graph, Node, Op, ops::hard_swish::HardSwish};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::HardSwish(HardSwish))
}

pub(super) fn write(_: &HardSwish, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::HARD_SWISH), Version(1), Options::new(options::HARD_SWISH))
}
