//! SignalFilterBankLog, a custom operator of TFLM's signal library: `output_scale`, `input_correction_bits`.

use smidgen_ir::{Graph, Node, Op, ops::signal_filter_bank_log::SignalFilterBankLog};

use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let options = Map::root(source.custom_options())?;
    Ok(Op::SignalFilterBankLog(SignalFilterBankLog {
        output_scale: options.number("output_scale")?,
        input_correction_bits: options.number("input_correction_bits")?,
    }))
}

pub(super) fn write(op: &SignalFilterBankLog, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::custom(
        "SignalFilterBankLog",
        &[
            ("output_scale", op.output_scale.into()),
            ("input_correction_bits", op.input_correction_bits.into()),
        ],
    )
}
