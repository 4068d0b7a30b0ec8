//! SignalStacker, a custom operator of TFLM's signal library: `num_channels`, `stacker_left_context`, `stacker_right_context`, `stacker_step`.

use smidgen_ir::{Graph, Node, Op, ops::signal_stacker::SignalStacker};

use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let options = Map::root(source.custom_options())?;
    Ok(Op::SignalStacker(SignalStacker {
        num_channels: options.number("num_channels")?,
        stacker_left_context: options.number("stacker_left_context")?,
        stacker_right_context: options.number("stacker_right_context")?,
        stacker_step: options.number("stacker_step")?,
    }))
}

pub(super) fn write(op: &SignalStacker, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::custom(
        "SignalStacker",
        &[
            ("num_channels", op.num_channels.into()),
            ("stacker_left_context", op.stacker_left_context.into()),
            ("stacker_right_context", op.stacker_right_context.into()),
            ("stacker_step", op.stacker_step.into()),
        ],
    )
}
