//! The program that runs the model over a file: start-up, semihosting, counting of instructions.

use crate::CodegenError;
use crate::context::Common;
use crate::templates::{Template, render, template};
use serde::Serialize;
use smidgen_target::{Board, Qemu};

const TEMPLATES: [Template; 8] = [
    template!("harness/Cargo.toml"),
    template!("harness/link.x"),
    template!("harness/src/main.rs"),
    template!("harness/src/clock.rs"),
    template!("harness/src/hook.rs"),
    template!("harness/src/semihosting.rs"),
    template!("harness/src/stack.rs"),
    template!("harness/src/start.rs"),
];

/// Instructions of the vernier's loop beside its padding: load, subtract, count, compare, move, branch.
const LOOP_INSTRUCTIONS: usize = 6;
/// Padding instructions on one line of the generated source.
const NOPS_IN_ROW: usize = 16;

#[derive(Debug, Serialize)]
struct Values<'a> {
    #[serde(flatten)]
    common: &'a Common,
    fpu: bool,
    timer: Option<Timer>,
}

/// The timer that counts instructions under emulation.
#[derive(Debug, Serialize)]
struct Timer {
    base: String,
    /// Instructions from one tick to the next.
    tick: usize,
    /// What makes the vernier's loop one instruction longer than a tick, by lines.
    nops: Vec<String>,
}

impl Timer {
    /// `None` when ticks are too short for the vernier.
    fn new(qemu: &Qemu) -> Option<Self> {
        let tick = qemu.nanoseconds_per_tick() as usize;
        let n_nops = (tick + 1).checked_sub(LOOP_INSTRUCTIONS)?;
        let row = |at: usize| vec!["nop"; NOPS_IN_ROW.min(n_nops - at)].join("; ");
        let nops = (0..n_nops).step_by(NOPS_IN_ROW).map(row).collect();
        Some(Timer { base: format!("{:#010x}", qemu.timer_base), tick, nops })
    }
}

pub(crate) fn files(board: &Board, common: &Common) -> Result<Vec<(String, Vec<u8>)>, CodegenError> {
    let values = Values { common, fpu: board.core.fpu, timer: board.qemu.as_ref().and_then(Timer::new) };
    TEMPLATES.into_iter().map(|template| render(template, &values)).collect()
}

/// The program that runs the pipeline over a stream.
pub(crate) fn stream(common: &Common) -> Result<Vec<(String, Vec<u8>)>, CodegenError> {
    Ok(vec![render(template!("harness/src/stream.rs"), common)?])
}
