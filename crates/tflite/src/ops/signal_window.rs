//! SignalWindow, a custom operator of TFLM's signal library: `shift`.

use smidgen_ir::{Graph, Node, Op, ops::signal_window::SignalWindow};

use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let options = Map::root(source.custom_options())?;
    Ok(Op::SignalWindow(SignalWindow { shift: options.number("shift")? }))
}

pub(super) fn write(op: &SignalWindow, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::custom("SignalWindow", &[("shift", op.shift.into())])
}
