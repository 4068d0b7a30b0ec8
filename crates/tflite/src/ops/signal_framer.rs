//! SignalFramer, a custom operator of TFLM's signal library: `frame_size`, `frame_step`, `prefill`.

use smidgen_ir::{Graph, Node, Op, ops::signal_framer::SignalFramer};

use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let options = Map::root(source.custom_options())?;
    Ok(Op::SignalFramer(SignalFramer {
        frame_size: options.number("frame_size")?,
        frame_step: options.number("frame_step")?,
        prefill: options.flag("prefill")?,
    }))
}

pub(super) fn write(op: &SignalFramer, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::custom(
        "SignalFramer",
        &[
            ("frame_size", op.frame_size.into()),
            ("frame_step", op.frame_step.into()),
            ("prefill", op.prefill.into()),
        ],
    )
}
