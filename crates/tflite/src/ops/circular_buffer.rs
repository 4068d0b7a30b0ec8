//! CIRCULAR_BUFFER, a custom operator of TFLM: `cycles_max`, how many inferences it takes until the graph after it runs.

use smidgen_ir::{Graph, Node, Op, ops::circular_buffer::CircularBuffer};

use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

/// Slots with which TFLM runs the graph in every inference where `cycles_max` is missing or 0 (`circular_buffer.cc`).
const EVERY_CYCLE: [usize; 3] = [5, 13, 25];

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    const SLOT_AXIS: usize = 1;
    let slots = source.result_extent(0, SLOT_AXIS)?;
    let slots = slots.ok_or_else(|| Fault::message("its result must have shape [1, slots, w, c]"))?;
    let given = match source.custom_options() {
        [] => 0,
        options => Map::root(options)?.optional_int("cycles_max")?.unwrap_or(0),
    };
    let cycles = match given {
        ..=0 if EVERY_CYCLE.contains(&slots) => 1,
        ..=0 => 2,
        given => given,
    };
    if cycles == 1 {
        return Ok(Op::CircularBuffer(CircularBuffer { slots }));
    }
    Err(Fault::message(format!(
        "it runs the graph after it in every {cycles}th inference only, which is not supported; split the model there \
         and run the second part when it is due"
    )))
}

pub(super) fn write(_op: &CircularBuffer, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::custom("CIRCULAR_BUFFER", &[("cycles_max", 1_i32.into())])
}
