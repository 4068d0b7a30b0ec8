//! SignalRfft, a custom operator of TFLM's signal library: `fft_length`, and `T`, the element type.

use smidgen_ir::{Graph, Node, Op, ops::signal_rfft::SignalRfft};

use super::encode::operand_type_number;
use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let fft_length = Map::root(source.custom_options())?.number("fft_length")?;
    Ok(Op::SignalRfft(SignalRfft { fft_length }))
}

pub(super) fn write(op: &SignalRfft, graph: &Graph, node: &Node) -> Encoded {
    let kind = operand_type_number(graph, node, 0);
    Encoded::custom("SignalRfft", &[("T", kind.into()), ("fft_length", op.fft_length.into())])
}
