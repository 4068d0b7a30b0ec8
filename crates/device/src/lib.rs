//! Builds firmware, runs it in the emulator, measures the ELF.
