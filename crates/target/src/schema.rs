//! What a core and a board are, as their files write them.

use serde::Deserialize;

/// A processor core: what the compiler needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Core {
    /// Identifier, the stem of its file: `cortex-m4`.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Rust target triple: `thumbv7em-none-eabihf`.
    pub triple: String,
    /// The processor's name in LLVM, for `-C target-cpu`.
    pub llvm_cpu: String,
    /// LLVM features to add (`+x`) or remove (`-x`), for `-C target-feature`.
    pub llvm_features: Vec<String>,
    /// Whether it has a floating-point unit, which start-up code must switch on.
    pub fpu: bool,
    /// Whether it has the DSP extension (SMLAD and its family).
    pub dsp: bool,
}

/// A board: a core, its memories and how to emulate it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Identifier, the stem of its file: `mps2-an386`.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// The core that the firmware is compiled for.
    pub core: Core,
    /// Core clock in Hz.
    pub clock_hz: u64,
    /// Memory that holds code and constants.
    pub flash: Memory,
    /// Memory that holds variables and the stack.
    pub ram: Memory,
    /// The emulator's view of the board, where there is an emulator.
    pub qemu: Option<Qemu>,
}

/// A contiguous piece of the address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// First address.
    pub origin: u32,
    /// Size in bytes.
    pub bytes: u32,
}

impl Memory {
    /// The first address past the end.
    pub const fn end(&self) -> u64 {
        self.origin as u64 + self.bytes as u64
    }
}

/// How QEMU emulates a board.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qemu {
    /// Value of `-M`.
    pub machine: String,
    /// Value of `-cpu`, where it is not the machine's own.
    pub cpu: Option<String>,
    /// Base address of a CMSDK APB timer, which counts down.
    pub timer_base: u32,
    /// Rate of that timer in Hz, 10⁶ or more; it divides 10⁹, so that a tick is a whole number of nanoseconds.
    pub timer_hz: u32,
}

impl Qemu {
    /// Nanoseconds in a timer tick, which are instructions when QEMU runs with `-icount shift=0`.
    pub const fn nanoseconds_per_tick(&self) -> u32 {
        match 1_000_000_000u32.checked_div(self.timer_hz) {
            Some(nanoseconds) => nanoseconds,
            None => 0,
        }
    }
}

/// A board file before its core is looked up.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoardFile {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) core: String,
    pub(crate) clock_hz: u64,
    pub(crate) flash: Memory,
    pub(crate) ram: Memory,
    pub(crate) qemu: Option<Qemu>,
}
