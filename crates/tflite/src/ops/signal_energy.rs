//! SignalEnergy, a custom operator of TFLM's signal library: `start_index`, `end_index`.

use smidgen_ir::{Graph, Node, Op, ops::signal_energy::SignalEnergy};

use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let options = Map::root(source.custom_options())?;
    Ok(Op::SignalEnergy(SignalEnergy {
        start_index: options.number("start_index")?,
        end_index: options.number("end_index")?,
    }))
}

pub(super) fn write(op: &SignalEnergy, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::custom(
        "SignalEnergy",
        &[("start_index", op.start_index.into()), ("end_index", op.end_index.into())],
    )
}
