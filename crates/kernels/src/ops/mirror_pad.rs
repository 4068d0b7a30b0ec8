//! MIRROR_PAD: the input surrounded by its own reflection, on up to six axes.
//!
//! REFLECT leaves the outermost element out of the reflection, SYMMETRIC repeats it: `[1 2 3]` with two before is
//! `[3 2 1 2 3]` and `[2 1 1 2 3]`. Source: TensorFlow Lite Micro, `GetInputDimension` in `micro/kernels/mirror_pad.cc`.

use super::broadcast::advance;
use crate::error::{attempt, elements, ensure, length};
use crate::memory::Pod;
use crate::rows::rows_mut;
use crate::{InvalidSpec, WrongLength};

/// Everything about a MIRROR_PAD that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Extents of the input with leading ones.
    pub in_shape: [usize; 6],
    /// Elements added before the input on each axis.
    pub before: [usize; 6],
    /// Elements added after the input on each axis.
    pub after: [usize; 6],
    /// Elements at the edge that the reflection leaves out: 1 for REFLECT, 0 for SYMMETRIC.
    pub skip: usize,
}

/// MIRROR_PAD of elements of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    spec: Spec,
    /// Extents of the output; the axes of a run count as 1.
    blocks: [usize; 6],
    /// Elements behind the last padded axis, which are copied together.
    run: usize,
    in_len: usize,
    out_len: usize,
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        ensure!(spec.skip <= 1, "a reflection leaves out at most 1 element");
        let in_len = attempt!(elements(&spec.in_shape));
        let (mut blocks, mut run, mut whole) = (spec.in_shape, 1, true);
        let mut axis = 6;
        while axis > 0 {
            axis -= 1;
            let (extent, before, after) = (spec.in_shape[axis], spec.before[axis], spec.after[axis]);
            ensure!(
                before <= extent - spec.skip && after <= extent - spec.skip,
                "a reflection cannot be longer than the input"
            );
            blocks[axis] = extent + before + after;
            whole = whole && before == 0 && after == 0;
            if whole {
                run *= extent;
                blocks[axis] = 1;
            }
        }
        let blocks_len = attempt!(elements(&blocks));
        let out_len = attempt!(elements(&[blocks_len, run]));
        Ok(Self { spec, blocks, run, in_len, out_len })
    }

    /// Row-major input and output.
    #[inline(never)]
    pub fn run<T: Pod>(&self, input: &[T], output: &mut [T]) -> Result<(), WrongLength> {
        length("input", input.len(), self.in_len)?;
        length("output", output.len(), self.out_len)?;
        let mut index = [0; 6];
        for output in rows_mut(output, self.run) {
            let slice = input.get(self.source(&index)..).unwrap_or(&[]);
            for (output, &input) in output.iter_mut().zip(slice) {
                *output = input;
            }
            advance(&mut index, &self.blocks);
        }
        Ok(())
    }

    /// The first input element of the run at an index of the output.
    #[inline(always)]
    fn source(&self, index: &[usize; 6]) -> usize {
        let Spec { in_shape, before, skip, .. } = &self.spec;
        let axes = index.iter().zip(&self.blocks).zip(in_shape.iter().zip(before));
        axes.fold(0, |at, ((&index, &blocks), (&extent, &before))| {
            let mirrored = if index < before {
                (before - index - 1).wrapping_add(*skip)
            } else if index - before < extent {
                index - before
            } else {
                // The last element and its reflection add up to twice the last, less the one that is not left out.
                (2 * extent).wrapping_sub(1 + skip).wrapping_sub(index - before)
            };
            // The axes of a run are one block each, which begins at their first element.
            at * extent + if blocks == 1 { 0 } else { mirrored }
        })
    }
}

#[cfg(test)]
mod tests;
