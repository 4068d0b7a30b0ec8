//! The arena over time: which bytes each buffer holds from which kernel call to which.

use serde::{Deserialize, Serialize};

/// One buffer of the arena.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buffer {
    /// Name of the tensor, or of the call that needs the scratch memory.
    pub name: String,
    /// First byte, counted from the start of the arena.
    pub offset: usize,
    /// Length in bytes.
    pub bytes: usize,
    /// The first kernel call during which the buffer is alive.
    pub first_call: usize,
    /// The last kernel call during which the buffer is alive, inclusive.
    pub last_call: usize,
}

/// The plan of the arena.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryMap {
    /// Size of the arena in bytes.
    pub arena_bytes: usize,
    /// The most bytes that are alive at the same time: no plan can need less.
    pub lower_bound_bytes: usize,
    /// Names of the kernel calls in execution order.
    pub calls: Vec<String>,
    /// The buffers.
    pub buffers: Vec<Buffer>,
}
