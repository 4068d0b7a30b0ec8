//! SignalFilterBankSquareRoot, a custom operator of TFLM's signal library: no options.

use smidgen_ir::{Graph, Node, Op, ops::signal_filter_bank_square_root::SignalFilterBankSquareRoot};

use super::{Encoded, Source};
use crate::findings::Fault;

pub(super) fn read(_source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::SignalFilterBankSquareRoot(SignalFilterBankSquareRoot {}))
}

pub(super) fn write(_op: &SignalFilterBankSquareRoot, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::custom("SignalFilterBankSquareRoot", &[])
}
