//! SignalPCAN, a custom operator of TFLM's signal library: `snr_shift`.

use smidgen_ir::{Graph, Node, Op, ops::signal_pcan::SignalPcan};

use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let options = Map::root(source.custom_options())?;
    Ok(Op::SignalPcan(SignalPcan { snr_shift: options.number("snr_shift")? }))
}

pub(super) fn write(op: &SignalPcan, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::custom("SignalPCAN", &[("snr_shift", op.snr_shift.into())])
}
