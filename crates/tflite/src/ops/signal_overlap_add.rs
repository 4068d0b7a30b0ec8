//! SignalOverlapAdd, a custom operator of TFLM's signal library: `frame_step`, and `T`, the element type.

use smidgen_ir::{Graph, Node, Op, ops::signal_overlap_add::SignalOverlapAdd};

use super::encode::operand_type_number;
use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let frame_step = Map::root(source.custom_options())?.number("frame_step")?;
    Ok(Op::SignalOverlapAdd(SignalOverlapAdd { frame_step }))
}

pub(super) fn write(op: &SignalOverlapAdd, graph: &Graph, node: &Node) -> Encoded {
    let kind = operand_type_number(graph, node, 0);
    Encoded::custom("SignalOverlapAdd", &[("T", kind.into()), ("frame_step", op.frame_step.into())])
}
