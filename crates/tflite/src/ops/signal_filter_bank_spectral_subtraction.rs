//! SignalFilterBankSpectralSubtraction, a custom operator of TFLM's signal library: its options are the attributes.

use smidgen_ir::{
    Graph, Node, Op, ops::signal_filter_bank_spectral_subtraction::SignalFilterBankSpectralSubtraction,
};

use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let options = Map::root(source.custom_options())?;
    Ok(Op::SignalFilterBankSpectralSubtraction(SignalFilterBankSpectralSubtraction {
        num_channels: options.number("num_channels")?,
        smoothing: options.number::<i32>("smoothing")?.cast_unsigned(),
        one_minus_smoothing: options.number::<i32>("one_minus_smoothing")?.cast_unsigned(),
        alternate_smoothing: options.number::<i32>("alternate_smoothing")?.cast_unsigned(),
        alternate_one_minus_smoothing: options
            .number::<i32>("alternate_one_minus_smoothing")?
            .cast_unsigned(),
        min_signal_remaining: options.number::<i32>("min_signal_remaining")?.cast_unsigned(),
        smoothing_bits: options.number("smoothing_bits")?,
        spectral_subtraction_bits: options.number("spectral_subtraction_bits")?,
        clamping: options.flag("clamping")?,
    }))
}

pub(super) fn write(op: &SignalFilterBankSpectralSubtraction, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::custom(
        "SignalFilterBankSpectralSubtraction",
        &[
            ("num_channels", op.num_channels.into()),
            ("smoothing", op.smoothing.into()),
            ("one_minus_smoothing", op.one_minus_smoothing.into()),
            ("alternate_smoothing", op.alternate_smoothing.into()),
            ("alternate_one_minus_smoothing", op.alternate_one_minus_smoothing.into()),
            ("min_signal_remaining", op.min_signal_remaining.into()),
            ("smoothing_bits", op.smoothing_bits.into()),
            ("spectral_subtraction_bits", op.spectral_subtraction_bits.into()),
            ("clamping", op.clamping.into()),
        ],
    )
}
