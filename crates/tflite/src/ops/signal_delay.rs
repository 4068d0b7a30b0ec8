//! SignalDelay, a custom operator of TFLM's signal library: `delay_length`.

use smidgen_ir::{Graph, Node, Op, ops::signal_delay::SignalDelay};

use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let options = Map::root(source.custom_options())?;
    Ok(Op::SignalDelay(SignalDelay { delay_length: options.number("delay_length")? }))
}

pub(super) fn write(op: &SignalDelay, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::custom("SignalDelay", &[("delay_length", op.delay_length.into())])
}
