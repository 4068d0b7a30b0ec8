//! SignalFilterBank, a custom operator of TFLM's signal library: `num_channels`.

use smidgen_ir::{Graph, Node, Op, ops::signal_filter_bank::SignalFilterBank};

use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let options = Map::root(source.custom_options())?;
    Ok(Op::SignalFilterBank(SignalFilterBank { num_channels: options.number("num_channels")? }))
}

pub(super) fn write(op: &SignalFilterBank, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::custom("SignalFilterBank", &[("num_channels", op.num_channels.into())])
}
