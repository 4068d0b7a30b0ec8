//! 32-bit instructions.

use super::Effect::{self, *};
use super::{PC, SP, field, moved, register, signed, stack_moves, target, writes};

/// The instruction of the halfwords `first` and `second` at `address`.
pub(super) fn decode(address: u32, first: u16, second: u16) -> Effect {
    match first >> 8 {
        0xe8 | 0xe9 if field(first, 6, 1) == 0 => multiple(first, second),
        0xe8 | 0xe9 => double(first, second),
        0xea | 0xeb => shifted_register(first, second),
        0xec..=0xee => coprocessor(first, second),
        0xf0..=0xf7 if second & 0x8000 != 0 => branch_or_control(address, first, second),
        0xf0..=0xf7 if field(first, 9, 1) == 1 => plain_immediate(first, second),
        0xf0..=0xf7 => modified_immediate(first, second),
        0xf8 | 0xf9 => single(address, first, second),
        0xfa => writes(register(second, 8)),
        // Multiplications; the long ones write two registers.
        0xfb if first & 0x80 == 0 => writes(register(second, 8)),
        0xfb => Writes((1 << register(second, 8) | 1 << register(second, 12)) & !(1 << PC)),
        // VSEL, VMAXNM and conversions: floating-point registers only.
        0xfe if second & 0x0e10 == 0x0a00 => Writes(0),
        _ => Unknown,
    }
}

/// A base register that moves by `bytes` while `loaded` registers are written.
fn write_back(base: u8, bytes: i32, loaded: u16) -> Effect {
    match (base == SP, loaded) {
        (true, 0) => stack_moves(bytes),
        (true, _) => Pop { writes: loaded, bytes },
        (false, _) if loaded & 1 << PC != 0 => Jump,
        (false, _) => Writes(loaded | 1 << base),
    }
}

/// Registers loaded without moving the base.
fn loaded(base: u8, registers: u16) -> Effect {
    match registers & 1 << PC {
        0 => Writes(registers),
        _ if base == SP => Pop { writes: registers, bytes: 0 },
        _ => Jump,
    }
}

/// LDM, STM, PUSH.W, POP.W
fn multiple(first: u16, second: u16) -> Effect {
    let base = register(first, 0);
    let bytes = 4 * second.count_ones() as i32;
    let registers = if field(first, 4, 1) == 1 { second } else { 0 };
    match (field(first, 7, 2), field(first, 5, 1)) {
        (1 | 2, 0) => loaded(base, registers),
        (1, _) => write_back(base, bytes, registers),
        (2, _) => write_back(base, -bytes, registers),
        _ => Unknown,
    }
}

/// LDRD, STRD, exclusive accesses, table branches
fn double(first: u16, second: u16) -> Effect {
    let base = register(first, 0);
    let (indexed, moves) = (field(first, 8, 1) == 1, field(first, 5, 1) == 1);
    if indexed || moves {
        let pair = 1 << register(second, 12) | 1 << register(second, 8);
        let registers = if field(first, 4, 1) == 1 { pair } else { 0 };
        let bytes = 4 * i32::from(second & 0xff) * if field(first, 7, 1) == 1 { 1 } else { -1 };
        return if moves { write_back(base, bytes, registers) } else { loaded(base, registers) };
    }
    if first & 0xfff0 == 0xe8d0 && second & 0xffe0 == 0xf000 {
        return match base {
            PC => Table { entry_bytes: 1 + u32::from(field(second, 4, 1)) },
            _ => Jump,
        };
    }
    // Where the status or the value goes depends on the instruction; none can go to the stack pointer or beyond.
    Writes((1 << register(second, 12) | 1 << register(second, 8) | 1 << register(second, 0)) & 0x5fff)
}

/// Whether a result goes nowhere: TST, TEQ, CMN, CMP.
fn is_comparison(operation: u16, sets_flags: bool, to: u8) -> bool {
    sets_flags && to == PC && matches!(operation, 0 | 4 | 8 | 13)
}

fn shifted_register(first: u16, second: u16) -> Effect {
    let (operation, sets_flags) = (field(first, 5, 4), field(first, 4, 1) == 1);
    let (a, to, b) = (register(first, 0), register(second, 8), register(second, 0));
    let by = u32::from(field(second, 12, 3) << 2 | field(second, 6, 2));
    match (operation, field(second, 4, 2)) {
        _ if is_comparison(operation, sets_flags, to) => Writes(0),
        (2, 0) if a == PC && by == 0 => moved(to, b),
        (2, 0) if a == PC => ShiftLeft { to, from: b, by },
        (2, 1) if a == PC => ShiftRight { to, from: b, by: if by == 0 { 32 } else { by } },
        (8, 0) if by == 0 => AddRegister { to, a, b, subtract: false },
        (13, 0) if by == 0 => AddRegister { to, a, b, subtract: true },
        _ => writes(to),
    }
}

/// The constant of a modified immediate (A5.3.2).
fn expand(first: u16, second: u16) -> u32 {
    let byte = u32::from(second & 0xff);
    let code = field(first, 10, 1) << 4 | field(second, 12, 3) << 1 | field(second, 7, 1);
    match code >> 1 {
        0 => byte,
        1 => byte << 16 | byte,
        2 => byte << 24 | byte << 8,
        3 => byte << 24 | byte << 16 | byte << 8 | byte,
        _ => (0x80 | byte & 0x7f).rotate_right(u32::from(code)),
    }
}

fn modified_immediate(first: u16, second: u16) -> Effect {
    let (operation, sets_flags) = (field(first, 5, 4), field(first, 4, 1) == 1);
    let (from, to, value) = (register(first, 0), register(second, 8), expand(first, second));
    match operation {
        _ if is_comparison(operation, sets_flags, to) => Writes(0),
        0 if (!value).wrapping_add(1).is_power_of_two() => {
            AlignDown { to, from, n_bits: value.trailing_zeros() }
        }
        1 if value.wrapping_add(1).is_power_of_two() => AlignDown { to, from, n_bits: value.trailing_ones() },
        2 if from == PC => Constant { to, value },
        3 if from == PC => Constant { to, value: !value },
        8 => AddConstant { to, from, value: value as i32 },
        13 => AddConstant { to, from, value: (value as i32).wrapping_neg() },
        14 if value == 0 => Negate { to, from },
        _ => writes(to),
    }
}

fn plain_immediate(first: u16, second: u16) -> Effect {
    let (from, to) = (register(first, 0), register(second, 8));
    let twelve = field(first, 10, 1) << 11 | field(second, 12, 3) << 8 | second & 0xff;
    let sixteen = u16::from(from) << 12 | twelve;
    let lowest = field(second, 12, 3) << 2 | field(second, 6, 2);
    match field(first, 4, 5) {
        0 if from != PC => AddConstant { to, from, value: i32::from(twelve) },
        10 if from != PC => AddConstant { to, from, value: -i32::from(twelve) },
        4 => Constant { to, value: u32::from(sixteen) },
        12 => UpperHalf { to, value: sixteen },
        // BFC from bit 0
        22 if from == PC && lowest == 0 => {
            AlignDown { to, from: to, n_bits: u32::from(field(second, 0, 5)) + 1 }
        }
        _ => writes(to),
    }
}

fn branch_or_control(address: u32, first: u16, second: u16) -> Effect {
    let sign = u32::from(field(first, 10, 1));
    let (j1, j2) = (u32::from(field(second, 13, 1)), u32::from(field(second, 11, 1)));
    let low = u32::from(second & 0x7ff) << 1;
    let far = || {
        let (i1, i2) = (1 ^ j1 ^ sign, 1 ^ j2 ^ sign);
        let high = sign << 24 | i1 << 23 | i2 << 22 | u32::from(first & 0x3ff) << 12;
        target(address, signed(high | low, 25))
    };
    match (field(second, 14, 1), field(second, 12, 1)) {
        (1, 1) => Call { to: far() },
        (0, 1) => Branch { to: far(), conditional: false },
        (0, 0) if field(first, 6, 4) < 14 => {
            let high = sign << 20 | j2 << 19 | j1 << 18 | u32::from(first & 0x3f) << 12;
            Branch { to: target(address, signed(high | low, 21)), conditional: true }
        }
        (0, 0) => control(first, second),
        _ => Unknown,
    }
}

/// Special registers, hints, barriers, traps.
fn control(first: u16, second: u16) -> Effect {
    match first {
        // MSR of the main or process stack pointer.
        0xf380..=0xf38f if matches!(second & 0xff, 8 | 9) => writes(SP),
        0xf380..=0xf38f | 0xf3af | 0xf3bf => Writes(0),
        0xf3ef => writes(register(second, 8)),
        0xf7f0..=0xf7ff if second & 0xf000 == 0xa000 => Trap,
        _ => Unknown,
    }
}

/// Loads and stores of a byte, halfword or word
fn single(address: u32, first: u16, second: u16) -> Effect {
    let (base, value) = (register(first, 0), register(second, 12));
    let (loads, is_word) = (field(first, 4, 1) == 1, field(first, 5, 2) == 2);
    if field(first, 5, 2) == 3 {
        return Unknown;
    }
    let added = field(first, 7, 1) == 1;
    let registers = match (loads, value) {
        (false, _) => 0,
        // Preload hints
        (true, PC) if !is_word => return Writes(0),
        _ => 1 << value,
    };
    if base == PC && loads && is_word && value != PC {
        let (from, offset) = (address.wrapping_add(4) & !3, u32::from(second & 0xfff));
        let address = if added { from.wrapping_add(offset) } else { from.wrapping_sub(offset) };
        return Literal { to: value, address };
    }
    let moves = base != PC && !added && second & 0x0900 == 0x0900;
    if moves {
        let bytes = i32::from(second & 0xff) * if field(second, 9, 1) == 1 { 1 } else { -1 };
        return write_back(base, bytes, registers);
    }
    loaded(base, registers)
}

/// The floating-point unit and what else sits behind the coprocessor encodings
fn coprocessor(first: u16, second: u16) -> Effect {
    let base = register(first, 0);
    let loads = field(first, 4, 1) == 1;
    if first >> 8 == 0xee {
        // MRC and VMOV to a core register; 15 stands for the flags.
        let value = register(second, 12);
        return match field(second, 4, 1) == 1 && loads && value != PC {
            true => writes(value),
            false => Writes(0),
        };
    }
    let (indexed, up, moves) = (field(first, 8, 1) == 1, field(first, 7, 1) == 1, field(first, 5, 1) == 1);
    match (indexed, up, moves) {
        // VMOV between two core registers and the unit.
        (false, false, false) if loads => Writes((1 << register(second, 12) | 1 << base) & !(1 << PC)),
        (false, false, false) => Writes(0),
        // VLLDM, VLSTM: lazy state on a Secure call.
        (false, false, true) => Unknown,
        (_, _, false) => Writes(0),
        (_, _, true) => {
            let bytes = 4 * i32::from(second & 0xff);
            write_back(base, if up { bytes } else { -bytes }, 0)
        }
    }
}
