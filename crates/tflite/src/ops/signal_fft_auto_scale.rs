//! SignalFftAutoScale, a custom operator of TFLM's signal library: no options.

use smidgen_ir::{Graph, Node, Op, ops::signal_fft_auto_scale::SignalFftAutoScale};

use super::{Encoded, Source};
use crate::findings::Fault;

pub(super) fn read(_source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::SignalFftAutoScale(SignalFftAutoScale {}))
}

pub(super) fn write(_op: &SignalFftAutoScale, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::custom("SignalFftAutoScale", &[])
}
