//! Decodes Thumb and Thumb-2 instructions as far as stack pointer and control flow go.
//!
//! Encodings: Arm v7-M Architecture Reference Manual, chapters A5 and A7, with the additions of v8-M. Vector (MVE)
//! instructions are not known here.

mod wide;

/// Number of the stack pointer.
pub(crate) const SP: u8 = 13;
const LR: u8 = 14;
const PC: u8 = 15;

/// One instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// 2 or 4.
    pub(crate) bytes: u32,
    pub(crate) effect: Effect,
}

/// What an instruction does to registers and control flow. Registers are numbers, sets of them bit masks; addresses are
/// without the Thumb bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Writes nothing but these registers, with values that are not followed.
    Writes(u16),
    /// `to = value`
    Constant { to: u8, value: u32 },
    /// Replaces the upper half of `to`.
    UpperHalf { to: u8, value: u16 },
    /// Loads the word at `address` into `to`.
    Literal { to: u8, address: u32 },
    /// `to = from + value`; a push is this with the stack pointer.
    AddConstant { to: u8, from: u8, value: i32 },
    /// `to = a + b`, or `a - b`.
    AddRegister { to: u8, a: u8, b: u8, subtract: bool },
    /// `to = -from`
    Negate { to: u8, from: u8 },
    /// `to = from << by`
    ShiftLeft { to: u8, from: u8, by: u32 },
    /// `to = from >> by`, unsigned.
    ShiftRight { to: u8, from: u8, by: u32 },
    /// Clears the lowest `n_bits` bits.
    AlignDown { to: u8, from: u8, n_bits: u32 },
    /// Loads registers and adds to the stack pointer; returns when the program counter is among them.
    Pop { writes: u16, bytes: i32 },
    /// Goes to `to`, always or under a condition.
    Branch { to: u32, conditional: bool },
    /// Calls the function at `to`.
    Call { to: u32 },
    /// Calls a function whose address is in a register.
    CallRegister,
    /// Returns to the caller.
    Return,
    /// Goes to twice an entry of the table that follows, in bytes from the end of this instruction.
    Table { entry_bytes: u32 },
    /// Adds a register to the program counter.
    AddToPc,
    /// Goes to an address in a register or in memory.
    Jump,
    /// The next `n` instructions are conditional.
    IfThen { n: u32 },
    /// Traps: nothing comes after it.
    Trap,
    /// Not known here.
    Unknown,
}

use Effect::*;

/// The instruction at `address` that starts with the given halfwords.
pub(crate) fn decode(address: u32, first: u16, second: Option<u16>) -> Instruction {
    if first >> 11 < 0b11101 {
        return Instruction { bytes: 2, effect: narrow(address, first) };
    }
    let effect = second.map_or(Unknown, |second| wide::decode(address, first, second));
    Instruction { bytes: 4, effect }
}

/// `n_bits` bits of `word` from bit `low`.
const fn field(word: u16, low: u32, n_bits: u32) -> u16 {
    (word >> low) & ((1 << n_bits) - 1)
}

const fn register(word: u16, low: u32) -> u8 {
    field(word, low, 4) as u8
}

const fn low_register(word: u16, low: u32) -> u8 {
    field(word, low, 3) as u8
}

const fn writes(register: u8) -> Effect {
    Writes(1 << register)
}

/// `Writes` of one register, where `loads`, otherwise of none.
const fn load(loads: bool, register: u8) -> Effect {
    if loads { writes(register) } else { Writes(0) }
}

const fn moved(to: u8, from: u8) -> Effect {
    AddConstant { to, from, value: 0 }
}

const fn stack_moves(value: i32) -> Effect {
    AddConstant { to: SP, from: SP, value }
}

/// The target of a branch: `offset` counts from the instruction's address plus 4.
const fn target(address: u32, offset: i32) -> u32 {
    address.wrapping_add(4).wrapping_add_signed(offset)
}

/// The lowest `n_bits` bits of `value` as a signed number.
const fn signed(value: u32, n_bits: u32) -> i32 {
    (value << (32 - n_bits)) as i32 >> (32 - n_bits)
}

/// 16-bit instructions.
fn narrow(address: u32, word: u16) -> Effect {
    let loads = field(word, 11, 1) == 1;
    match word >> 12 {
        0 | 1 => shift_or_add(word),
        2 | 3 => immediate(word),
        4 if loads => {
            let base = address.wrapping_add(4) & !3;
            Literal { to: low_register(word, 8), address: base + 4 * u32::from(word & 0xff) }
        }
        4 if field(word, 10, 1) == 1 => special(word),
        4 => data_processing(word),
        // Operations 0 to 2 store, the others load.
        5 => load(field(word, 9, 3) > 2, low_register(word, 0)),
        6..=8 => load(loads, low_register(word, 0)),
        9 => load(loads, low_register(word, 8)),
        10 if loads => AddConstant { to: low_register(word, 8), from: SP, value: 4 * i32::from(word & 0xff) },
        10 => writes(low_register(word, 8)),
        11 => miscellaneous(address, word),
        // Store or load multiple: the base register is written too.
        12 => Writes((if loads { word & 0xff } else { 0 }) | 1 << low_register(word, 8)),
        13 => match field(word, 8, 4) {
            14 => Trap,
            15 => Writes(0),
            _ => {
                let offset = signed(u32::from(word & 0xff) << 1, 9);
                Branch { to: target(address, offset), conditional: true }
            }
        },
        14 => Branch { to: target(address, signed(u32::from(word & 0x7ff) << 1, 12)), conditional: false },
        _ => Unknown,
    }
}

fn shift_or_add(word: u16) -> Effect {
    let (to, from, by) = (low_register(word, 0), low_register(word, 3), u32::from(field(word, 6, 5)));
    let operand = low_register(word, 6);
    match (field(word, 11, 2), field(word, 9, 2)) {
        (0, _) if by == 0 => moved(to, from),
        (0, _) => ShiftLeft { to, from, by },
        (1, _) => ShiftRight { to, from, by: if by == 0 { 32 } else { by } },
        (2, _) => writes(to),
        (_, 0) => AddRegister { to, a: from, b: operand, subtract: false },
        (_, 1) => AddRegister { to, a: from, b: operand, subtract: true },
        (_, 2) => AddConstant { to, from, value: i32::from(operand) },
        _ => AddConstant { to, from, value: -i32::from(operand) },
    }
}

fn immediate(word: u16) -> Effect {
    let (to, value) = (low_register(word, 8), word & 0xff);
    match field(word, 11, 2) {
        0 => Constant { to, value: u32::from(value) },
        1 => Writes(0),
        2 => AddConstant { to, from: to, value: i32::from(value) },
        _ => AddConstant { to, from: to, value: -i32::from(value) },
    }
}

fn data_processing(word: u16) -> Effect {
    let (to, from) = (low_register(word, 0), low_register(word, 3));
    match field(word, 6, 4) {
        // TST, CMP, CMN
        8 | 10 | 11 => Writes(0),
        9 => Negate { to, from },
        _ => writes(to),
    }
}

/// Operations on all sixteen registers, and branches through one.
fn special(word: u16) -> Effect {
    let to = low_register(word, 0) | (field(word, 7, 1) << 3) as u8;
    let from = register(word, 3);
    match field(word, 8, 2) {
        0 if to == PC => AddToPc,
        0 => AddRegister { to, a: to, b: from, subtract: false },
        1 => Writes(0),
        2 if to == PC && from == LR => Return,
        2 if to == PC => Jump,
        2 => moved(to, from),
        _ if field(word, 7, 1) == 1 => CallRegister,
        _ if from == LR => Return,
        _ => Jump,
    }
}

fn miscellaneous(address: u32, word: u16) -> Effect {
    let registers = word & 0xff;
    let ninth = field(word, 8, 1);
    match field(word, 8, 4) {
        0 => stack_moves(4 * i32::from(word & 0x7f) * if field(word, 7, 1) == 1 { -1 } else { 1 }),
        // CBZ, CBNZ
        1 | 3 | 9 | 11 => {
            let offset = i32::from(field(word, 9, 1) << 6 | field(word, 3, 5) << 1);
            Branch { to: target(address, offset), conditional: true }
        }
        // Extensions and byte reversals
        2 | 10 => writes(low_register(word, 0)),
        4 | 5 => stack_moves(-4 * (registers.count_ones() + u32::from(ninth)) as i32),
        // CPS
        6 if word & 0xe0 == 0x60 => Writes(0),
        12 | 13 => Pop {
            writes: registers | ninth << PC,
            bytes: 4 * (registers.count_ones() + u32::from(ninth)) as i32,
        },
        // BKPT: semihosting answers in r0.
        14 => Writes(1),
        15 => match word & 0xf {
            0 => Writes(0),
            mask => IfThen { n: 4 - mask.trailing_zeros() },
        },
        _ => Unknown,
    }
}

#[cfg(test)]
mod tests;
