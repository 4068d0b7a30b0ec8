//! Where along an axis the first best element is: what ARG_MAX and ARG_MIN share.

use super::dot::tail;
use crate::error::{attempt, elements, length};
use crate::memory::Pod;
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

/// Integers that count elements of an axis.
pub trait Index: Pod {
    /// The index; an axis has fewer than 2^31 elements.
    fn from_usize(index: usize) -> Self;
}

impl Index for i32 {
    fn from_usize(index: usize) -> Self {
        index as i32
    }
}

impl Index for i64 {
    fn from_usize(index: usize) -> Self {
        index as i64
    }
}

/// A tensor as `outer × depth × inner`, searched along `depth`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extremes {
    outer: usize,
    depth: usize,
    inner: usize,
}

impl Extremes {
    pub(super) const fn new(outer: usize, depth: usize, inner: usize) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[outer, depth, inner]));
        Ok(Self { outer, depth, inner })
    }

    /// Stores for each of `outer × inner` the index of the first element that no other `beats`.
    #[inline(always)]
    pub(super) fn find<T: Pod, I: Index>(
        &self,
        input: &[T],
        output: &mut [I],
        beats: impl Fn(T, T) -> bool,
    ) -> Result<(), WrongLength> {
        let Extremes { outer, depth, inner } = *self;
        length("input", input.len(), outer * depth * inner)?;
        length("output", output.len(), outer * inner)?;
        for (input, output) in rows(input, depth * inner).zip(rows_mut(output, inner)) {
            for (column, output) in output.iter_mut().enumerate() {
                let mut elements = tail(input, column).iter().step_by(inner.max(1)).enumerate();
                let first = elements.next();
                let best = elements.fold(first, |best, found| match (best, found) {
                    (Some((_, &best)), (_, &x)) if beats(x, best) => Some(found),
                    _ => best,
                });
                *output = I::from_usize(best.map_or(0, |(index, _)| index));
            }
        }
        Ok(())
    }
}
