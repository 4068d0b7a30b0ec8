//! The stack use of one function, from its machine code.
//!
//! The code is followed along all its branches with a value per register: a distance below the stack pointer at entry,
//! a constant, or nothing known. Where branches meet, the deeper stack counts. Code is taken to keep the procedure call
//! standard: a called function leaves the stack pointer and registers 4 to 11 as they were. Control that would run
//! into data or past the function's end comes from a call that does not return.

use crate::elf::{Elf, MeasureError};
use crate::thumb::{Effect, Instruction, SP, decode};
use std::collections::{BTreeMap, BTreeSet};

/// So many different depths at one instruction mean a loop that pushes.
const MAX_CHANGES: u32 = 64;
/// Deeper than any RAM in question.
const MAX_DEPTH: i64 = 1 << 28;
/// Registers that a call may change: r0 to r3, r12, the link register.
const CALLER_SAVED: u16 = 0x500f;

/// A call or a jump into another function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call {
    /// First address of the called function.
    pub(crate) to: u32,
    /// Bytes of stack in use when it starts.
    pub(crate) depth: u32,
    /// Where the call is.
    pub(crate) at: u32,
}

/// The stack use of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The most bytes that the function itself has on the stack.
    pub(crate) bytes: u32,
    pub(crate) calls: Vec<Call>,
}

/// What is known of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Unknown,
    Constant(u32),
    /// At most so many bytes below the stack pointer at entry.
    Stack(i64),
    /// Such an address, shifted right.
    Shifted(i64, u32),
}

use Value::{Constant, Shifted, Stack, Unknown};

type Registers = [Value; 16];

/// What is known before an instruction.
#[derive(Debug, Clone, Copy)]
struct State {
    registers: Registers,
    n_changes: u32,
}

/// A function being followed.
struct Walk<'a> {
    elf: &'a Elf<'a>,
    name: &'a str,
    start: u32,
    end: u32,
    states: BTreeMap<u32, State>,
    conditional: BTreeSet<u32>,
    waiting: Vec<u32>,
    bytes: i64,
    calls: BTreeMap<(u32, u32), i64>,
}

/// Follows the function `name` that takes `bytes` bytes from `start`.
pub(crate) fn analyse(elf: &Elf<'_>, name: &str, start: u32, bytes: u32) -> Result<Frame, MeasureError> {
    let mut registers = [Unknown; 16];
    registers[usize::from(SP)] = Stack(0);
    let mut walk = Walk {
        elf,
        name,
        start,
        end: start.saturating_add(bytes),
        states: BTreeMap::from([(start, State { registers, n_changes: 0 })]),
        conditional: BTreeSet::new(),
        waiting: vec![start],
        bytes: 0,
        calls: BTreeMap::new(),
    };
    while let Some(address) = walk.waiting.pop() {
        walk.step(address)?;
    }
    let calls = walk.calls.iter().map(|(&(at, to), &depth)| Call { to, depth: depth as u32, at });
    Ok(Frame { bytes: walk.bytes as u32, calls: calls.collect() })
}

impl Walk<'_> {
    /// Follows one instruction to those that may come after it.
    fn step(&mut self, at: u32) -> Result<(), MeasureError> {
        let Some(State { registers, .. }) = self.states.get(&at).copied() else { return Ok(()) };
        let Instruction { bytes, effect } = self.instruction(at)?;
        let next = at.wrapping_add(bytes);
        let conditional = self.conditional.contains(&at);
        if conditional {
            self.reach(next, &registers);
        }
        match effect {
            Effect::Branch { to, conditional } => {
                if self.is_inside(to) {
                    self.reach(to, &registers);
                } else {
                    self.call(at, to, &registers)?;
                }
                if conditional {
                    self.reach(next, &registers);
                }
            }
            Effect::Call { to } => {
                self.call(at, to, &registers)?;
                let mut after = registers;
                forget(&mut after, CALLER_SAVED);
                self.reach(next, &after);
            }
            Effect::Return | Effect::Trap => {}
            Effect::Pop { writes, .. } if writes & 1 << 15 != 0 => {}
            Effect::IfThen { n } => {
                let mut address = next;
                for _ in 0..n {
                    self.conditional.insert(address);
                    address = address.wrapping_add(self.instruction(address)?.bytes);
                }
                self.reach(next, &registers);
            }
            Effect::Table { entry_bytes } => self.table(next, next, entry_bytes, &registers),
            Effect::AddToPc => {
                let entry_bytes = self.loaded_before(at)?;
                self.table(next, at.wrapping_add(4), entry_bytes, &registers);
            }
            Effect::CallRegister => return Err(self.unbounded(at, "it calls a function through a register")),
            Effect::Jump => return Err(self.unbounded(at, "it jumps to a computed address")),
            Effect::Unknown => return Err(self.unbounded(at, "the instruction is not known to the analysis")),
            _ => {
                let mut after = registers;
                apply(self.elf, effect, &mut after);
                let depth = self.depth(at, &after)?;
                self.bytes = self.bytes.max(depth);
                self.reach(next, &after);
            }
        }
        Ok(())
    }

    fn instruction(&self, at: u32) -> Result<Instruction, MeasureError> {
        let first = self.elf.halfword_at(at);
        let first = first.ok_or_else(|| self.unbounded(at, "there is no code at this address"))?;
        Ok(decode(at, first, self.elf.halfword_at(at.wrapping_add(2))))
    }

    fn is_inside(&self, address: u32) -> bool {
        (self.start..self.end).contains(&address)
    }

    /// Whether the byte at `address` is code by the mapping symbols.
    fn is_code(&self, address: u32) -> bool {
        let before = self.elf.mapping.partition_point(|(start, _)| *start <= address);
        before.checked_sub(1).and_then(|at| self.elf.mapping.get(at)).is_none_or(|(_, code)| *code)
    }

    /// Control may come to `to` with these values.
    fn reach(&mut self, to: u32, registers: &Registers) {
        if !self.is_inside(to) || !self.is_code(to) {
            return;
        }
        let Some(state) = self.states.get_mut(&to) else {
            self.states.insert(to, State { registers: *registers, n_changes: 0 });
            self.waiting.push(to);
            return;
        };
        let mut joined = state.registers;
        for (number, (value, other)) in joined.iter_mut().zip(registers).enumerate() {
            *value = join(*value, *other, number == usize::from(SP));
        }
        if joined != state.registers {
            if joined[usize::from(SP)] != state.registers[usize::from(SP)] {
                state.n_changes += 1;
                if state.n_changes > MAX_CHANGES {
                    // A loop that pushes: no depth is known, which `depth` reports.
                    joined[usize::from(SP)] = Unknown;
                }
            }
            state.registers = joined;
            self.waiting.push(to);
        }
    }

    /// Bytes below the stack pointer at entry.
    fn depth(&self, at: u32, registers: &Registers) -> Result<i64, MeasureError> {
        match registers[usize::from(SP)] {
            Stack(depth) if (0..=MAX_DEPTH).contains(&depth) => Ok(depth),
            Stack(depth) if depth < 0 => {
                Err(self.unbounded(at, "it moves the stack pointer above its caller's"))
            }
            _ => {
                Err(self.unbounded(at, "it moves the stack pointer by an amount that the code does not show"))
            }
        }
    }

    fn call(&mut self, at: u32, to: u32, registers: &Registers) -> Result<(), MeasureError> {
        let depth = self.depth(at, registers)?;
        let known = self.calls.entry((at, to)).or_insert(depth);
        *known = depth.max(*known);
        Ok(())
    }

    /// Reaches the targets in the table at `table`: distances from `base` in halfwords.
    fn table(&mut self, table: u32, base: u32, entry_bytes: u32, registers: &Registers) {
        let mut at = table;
        while at < self.end && (at == table || !self.is_code(at)) {
            let entry = self.elf.halfword_at(at & !1).unwrap_or_default();
            let entry = match (entry_bytes, at & 1) {
                (1, 0) => entry & 0xff,
                (1, _) => entry >> 8,
                _ => entry,
            };
            self.reach(base.wrapping_add(2 * u32::from(entry)), registers);
            at += entry_bytes;
        }
    }

    /// The size of the table entries that `add pc, rX` at `at` goes by. LLVM's sequence before it is a load of a byte
    /// or halfword and a shift to the left.
    fn loaded_before(&self, at: u32) -> Result<u32, MeasureError> {
        let load = self.elf.halfword_at(at.wrapping_sub(4)).unwrap_or_default();
        match load >> 11 {
            0b01111 => Ok(1),
            0b10001 => Ok(2),
            0b01011 if load >> 9 == 0b0101110 => Ok(1),
            0b01011 if load >> 9 == 0b0101101 => Ok(2),
            _ => Err(self.unbounded(at, "it jumps to a computed address")),
        }
    }

    fn unbounded(&self, address: u32, reason: &str) -> MeasureError {
        MeasureError::Unbounded { function: self.name.to_owned(), address, reason: reason.to_owned() }
    }
}

/// What is known where two ways meet. Of two stack pointers the deeper counts; any other register that differs is
/// given up, so that a pointer that walks down an array in a loop ends the search.
fn join(a: Value, b: Value, is_stack_pointer: bool) -> Value {
    match (a, b) {
        _ if a == b => a,
        (Stack(a), Stack(b)) if is_stack_pointer => Stack(a.max(b)),
        _ => Unknown,
    }
}

fn forget(registers: &mut Registers, written: u16) {
    for (number, value) in registers.iter_mut().enumerate() {
        if written >> number & 1 == 1 {
            *value = Unknown;
        }
    }
}

/// Applies an effect that does not branch.
fn apply(elf: &Elf<'_>, effect: Effect, registers: &mut Registers) {
    let of = |register: u8| registers.get(usize::from(register)).copied().unwrap_or(Unknown);
    let (to, value) = match effect {
        Effect::Constant { to, value } => (to, Constant(value)),
        Effect::UpperHalf { to, value } => match of(to) {
            Constant(low) => (to, Constant(low & 0xffff | u32::from(value) << 16)),
            _ => (to, Unknown),
        },
        Effect::Literal { to, address } => (to, elf.word_at(address).map_or(Unknown, Constant)),
        Effect::AddConstant { to, from, value } => (to, add(of(from), Constant(value as u32))),
        Effect::AddRegister { to, a, b, subtract: false } => (to, add(of(a), of(b))),
        Effect::AddRegister { to, a, b, subtract: true } => (to, add(of(a), negate(of(b)))),
        Effect::Negate { to, from } => (to, negate(of(from))),
        Effect::ShiftLeft { to, from, by } => (to, shift_left(of(from), by)),
        Effect::ShiftRight { to, from, by } => match of(from) {
            Stack(depth) => (to, Shifted(depth, by)),
            Constant(value) => (to, Constant(value.checked_shr(by).unwrap_or(0))),
            _ => (to, Unknown),
        },
        Effect::AlignDown { to, from, n_bits } => match of(from) {
            Stack(depth) => (to, aligned(depth, n_bits)),
            _ => (to, Unknown),
        },
        Effect::Pop { writes, bytes } => {
            forget(registers, writes);
            let stack_pointer = registers[usize::from(SP)];
            (SP, add(stack_pointer, Constant(bytes as u32)))
        }
        Effect::Writes(written) => return forget(registers, written),
        _ => return,
    };
    if let Some(register) = registers.get_mut(usize::from(to)) {
        *register = value;
    }
}

fn add(a: Value, b: Value) -> Value {
    match (a, b) {
        (Constant(a), Constant(b)) => Constant(a.wrapping_add(b)),
        (Stack(depth), Constant(by)) | (Constant(by), Stack(depth)) => Stack(depth - i64::from(by as i32)),
        _ => Unknown,
    }
}

fn negate(value: Value) -> Value {
    match value {
        Constant(value) => Constant(value.wrapping_neg()),
        _ => Unknown,
    }
}

fn shift_left(value: Value, by: u32) -> Value {
    match value {
        Constant(value) => Constant(value.checked_shl(by).unwrap_or(0)),
        Shifted(depth, shifted) if shifted == by => aligned(depth, by),
        _ => Unknown,
    }
}

/// An address rounded down to a multiple of two to the `n_bits`.
fn aligned(depth: i64, n_bits: u32) -> Value {
    if n_bits > 16 { Unknown } else { Stack(depth + (1 << n_bits) - 1) }
}

#[cfg(test)]
mod tests;
