//! Tensor lifetimes to arena offsets, with a lower bound and an independent checker.
//!
//! [`plan`] gives every activation and every piece of scratch memory a place in one arena, so that no two of them share
//! bytes while both are needed. A kernel that uses up its operand while it writes its result may have both in the same bytes, as
//! far apart as it declares ([`smidgen_ir::Sharing`]). [`check`] finds out whether a plan is right without any of the planner's
//! code.

mod check;
mod lifetimes;
mod order;
mod overlaps;
mod place;
mod within;

pub use check::{Violation, check};
pub use order::ordered;
pub use within::{Within, within};

use smidgen_ir::{Graph, Program, TensorIdx};
use std::ops::Range;

/// Every offset and the arena itself are multiples of this many bytes, which suits every element type and vector load.
pub const ALIGNMENT_BYTES: usize = 16;

/// Places of all buffers in one arena.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Size of the arena, a multiple of [`ALIGNMENT_BYTES`].
    pub arena_bytes: usize,
    /// No plan for this order of calls can be smaller: the most bytes that are needed at once, rounded up by buffer, operands
    /// and results in the least that both can do with.
    pub lower_bound_bytes: usize,
    /// The buffers: first those of tensors, in the order of their indices, then scratch memory in call order.
    pub buffers: Vec<Buffer>,
}

/// A piece of the arena with the calls during which it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buffer {
    /// The tensor in it, the origin where others are views of it; `None` for scratch memory of a call.
    pub tensor: Option<TensorIdx>,
    /// First byte in the arena, a multiple of [`ALIGNMENT_BYTES`].
    pub offset: usize,
    /// Size in bytes, as large as the tensor or the scratch memory.
    pub bytes: usize,
    /// First call that needs it: the one that writes it; 0 for the model's inputs, which the user writes before.
    pub first_call: usize,
    /// Last call that needs it: the last one that reads it; the program's last for the model's outputs, which the
    /// user reads after. A model's input ends with its last reader: its memory is used again, and it must be written
    /// before every inference.
    pub last_call: usize,
}

impl Buffer {
    /// Its bytes in the arena.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset.saturating_add(self.bytes)
    }

    /// Whether both are needed during the same call.
    pub fn meets(&self, other: &Buffer) -> bool {
        self.first_call <= other.last_call && other.first_call <= self.last_call
    }
}

impl Plan {
    /// The bytes of a tensor in the arena, views and parts followed to their origin; `None` for one that has no place.
    pub fn range(&self, program: &Program, tensor: TensorIdx) -> Option<Range<usize>> {
        let origin = lifetimes::origin(program, tensor);
        let whole = self.buffers.iter().find(|buffer| buffer.tensor == Some(origin)).map(Buffer::range)?;
        Some(match program.part(tensor) {
            Some(part) => whole.start + part.offset..whole.start + part.offset + part.bytes,
            None => whole,
        })
    }

    /// The bytes of a call's scratch memory in the arena.
    pub fn scratch(&self, call: usize) -> Option<Range<usize>> {
        let scratch = |buffer: &&Buffer| buffer.tensor.is_none() && buffer.first_call == call;
        self.buffers.iter().find(scratch).map(Buffer::range)
    }
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The program names a tensor that the graph does not have.
    #[error("the program uses tensor {}, and the graph has {n_tensors}", tensor.0)]
    NoSuchTensor {
        /// The tensor.
        tensor: TensorIdx,
        /// Tensors of the graph.
        n_tensors: usize,
    },
    /// A call reads what nothing has written.
    #[error("call {call} reads tensor {} \"{name}\", which no earlier call writes and which is no input", tensor.0)]
    ReadBeforeWritten {
        /// The call's index.
        call: usize,
        /// The tensor.
        tensor: TensorIdx,
        /// Its name.
        name: String,
    },
    /// An output of the model is neither an input nor written by a call.
    #[error("nothing writes the model's output, tensor {} \"{name}\"", tensor.0)]
    OutputNotWritten {
        /// The tensor.
        tensor: TensorIdx,
        /// Its name.
        name: String,
    },
    /// The sizes of all buffers do not fit the machine's integers.
    #[error("the activations need more memory than can be addressed")]
    TooLarge,
}

/// Places every activation and all scratch memory of `program`, which was lowered from `graph`.
///
/// The result is the smallest of several orders of placement, improved by a search that is exhaustive for small
/// programs; it depends on nothing but the arguments.
///
/// # Errors
/// On a program that does not belong to the graph; see [`PlanError`].
pub fn plan(graph: &Graph, program: &Program) -> Result<Plan, PlanError> {
    let mut buffers = lifetimes::buffers(graph, program)?;
    let total = buffers.iter().try_fold(0usize, |sum, buffer| sum.checked_add(padded(buffer.bytes)?));
    if total.is_none_or(|total| total > isize::MAX as usize) {
        return Err(PlanError::TooLarge);
    }
    let overlaps = overlaps::overlaps(graph, program, &buffers);
    let (arena_bytes, lower_bound_bytes) = place::place(&mut buffers, &overlaps);
    Ok(Plan { arena_bytes, lower_bound_bytes, buffers })
}

/// A size rounded up to the alignment.
fn padded(bytes: usize) -> Option<usize> {
    bytes.checked_next_multiple_of(ALIGNMENT_BYTES)
}
