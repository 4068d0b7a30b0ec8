//! Builds firmware, runs it in the emulator, measures the ELF.
//!
//! A firmware folder is a cargo workspace whose package `harness` holds the program and `harness/link.x` its linker
//! script. [`Toolchain::find`] says how to compile for a core, [`firmware::build`] makes the ELF, [`qemu::run`] runs it,
//! [`Footprint::of`] and [`stack::bound`] measure it. [`Doctor::examine`] lists the programs that all this needs.

pub mod doctor;
mod elf;
pub mod firmware;
pub mod footprint;
mod frame;
mod host;
mod process;
pub mod qemu;
pub mod stack;
mod sysroot;
mod thumb;
pub mod toolchain;

pub use doctor::Doctor;
pub use footprint::Footprint;
pub use host::Host;
pub use process::{interrupt, interrupted};
pub use toolchain::Toolchain;
