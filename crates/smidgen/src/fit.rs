//! Whether firmware fits its board, and what takes the room where it does not.

use smidgen_device::Footprint;
use smidgen_ir::{Graph, Program};
use smidgen_plan::Buffer;
use smidgen_report::count;

use crate::firmware::Firmware;
use crate::{Error, Result};

/// Weights or buffers that a message names.
const NAMED: usize = 4;

/// Whether weights and arena fit, which is known before anything is compiled.
///
/// # Errors
/// The memory that is too small, with the largest weights, or the buffers that are needed at once.
pub(crate) fn planned(firmware: &Firmware) -> Result<()> {
    let Firmware { board, program, plan, .. } = firmware;
    let weights = weights_bytes(program);
    let mut lines = Vec::new();
    if weights > u64::from(board.flash.bytes) {
        lines.push(too_small("flash", "weights take", weights, board.flash.bytes));
        lines.push(format!("  the largest: {}", largest_weights(firmware)));
    }
    if plan.arena_bytes as u64 > u64::from(board.ram.bytes) {
        lines.push(too_small("RAM", "the arena takes", plan.arena_bytes as u64, board.ram.bytes));
        lines.push(format!("  {}", fullest_moment(firmware)));
    }
    if lines.is_empty() { Ok(()) } else { Err(error(firmware, &lines)) }
}

/// Whether RAM has room for the stack beside the variables, which the linker does not know.
///
/// # Errors
/// What takes the room.
pub(crate) fn linked(firmware: &Firmware, footprint: &Footprint) -> Result<()> {
    let (ram, harness) = (&footprint.ram_bytes, footprint.harness_bytes.ram);
    let (total, room) = (ram.total + harness, firmware.board.ram.bytes);
    if total <= u64::from(room) {
        return Ok(());
    }
    let line = too_small("RAM", "arena, stack and other variables take", total, room);
    let parts = format!(
        "  arena {}, stack up to {}, other {}",
        count(ram.arena),
        count(ram.stack_bound),
        count(ram.other + harness)
    );
    Err(error(firmware, &[line, parts, format!("  {}", fullest_moment(firmware))]))
}

/// What a linker's messages say about a memory that is too small; `None` when they are about something else.
pub(crate) fn overflow(firmware: &Firmware, messages: &str) -> Option<Error> {
    let weights = weights_bytes(&firmware.program);
    let mut lines = Vec::new();
    for (region, name, known) in [
        ("FLASH", "flash", format!("weights take {} of it, code and start-up the rest", count(weights))),
        ("RAM", "RAM", format!("the arena takes {} of it", count(firmware.plan.arena_bytes as u64))),
    ] {
        if let Some(bytes) = overflow_of(region, messages) {
            lines.push(format!("{name} is too small by {} bytes: {known}", count(bytes)));
        }
    }
    (!lines.is_empty()).then(|| error(firmware, &lines))
}

/// Bytes of constants in flash.
fn weights_bytes(program: &Program) -> u64 {
    program.in_flash().map(|(_, constant)| constant.bytes.len() as u64).sum()
}

/// By how much a memory overflows, as GNU ld and lld put it; the largest of several.
fn overflow_of(region: &str, messages: &str) -> Option<u64> {
    let of_region = messages.lines().filter(|line| line.contains(region));
    let bytes = of_region.filter_map(|line| {
        let (_, rest) = line.split_once("overflowed by ")?;
        rest.split_whitespace().next()?.parse::<u64>().ok()
    });
    bytes.max()
}

fn error(firmware: &Firmware, lines: &[String]) -> Error {
    let Firmware { model, board, .. } = firmware;
    Error::check(format!("{model} is too large for {}\n  {}", board.name, lines.join("\n  "))).help(
        "a board with more memory (smidgen boards), or a smaller model: fewer filters, a smaller input, int8 instead \
         of float32",
    )
}

fn too_small(memory: &str, what: &str, bytes: u64, room: u32) -> String {
    format!("{memory}: {what} {} bytes, the board has {}", count(bytes), count(room.into()))
}

fn largest_weights(firmware: &Firmware) -> String {
    let mut constants: Vec<_> = firmware.program.in_flash().map(|(_, constant)| constant).collect();
    constants.sort_by_key(|constant| std::cmp::Reverse(constant.bytes.len()));
    let named = constants.iter().take(NAMED);
    let named: Vec<_> =
        named.map(|constant| format!("{} {}", constant.name, count(constant.bytes.len() as u64))).collect();
    named.join(", ")
}

/// The call during which the most bytes are needed, and the largest buffers then.
fn fullest_moment(firmware: &Firmware) -> String {
    let Firmware { graph, program, plan, .. } = firmware;
    let needed = |call: usize| {
        let live =
            plan.buffers.iter().filter(move |buffer| (buffer.first_call..=buffer.last_call).contains(&call));
        let mut live: Vec<&Buffer> = live.collect();
        live.sort_by_key(|buffer| std::cmp::Reverse(buffer.bytes));
        live
    };
    let bytes = |call: &usize| needed(*call).iter().map(|buffer| buffer.bytes).sum::<usize>();
    let Some(call) = (0..program.calls.len()).rev().max_by_key(bytes) else {
        return String::from("the model has no calls");
    };
    let node = program.calls.get(call).map(|call| call.node);
    let op = node.and_then(|node| graph.nodes.get(node.idx())).map_or("", |node| node.op.name());
    let live = needed(call);
    let named: Vec<_> = live.iter().take(NAMED).map(|buffer| named_buffer(graph, buffer)).collect();
    format!("at once, in node {} {op}: {}", node.map_or(0, |node| node.idx()), named.join(", "))
}

fn named_buffer(graph: &Graph, buffer: &Buffer) -> String {
    let name = buffer.tensor.and_then(|tensor| graph.get(tensor));
    let name = name.map_or("scratch memory", |tensor| &tensor.name);
    let short: String = name.chars().take(40).collect();
    format!("\"{short}\" {}", count(buffer.bytes as u64))
}

#[cfg(test)]
mod tests;
