//! Walks over a tensor of up to six dimensions that gathers the elements of its reduced axes, in order, for every output.

use super::broadcast::{advance, at, strides};
use super::dot::part;
use crate::InvalidSpec;
use crate::error::{attempt, elements};
use crate::rows::rows_mut;

/// Rank that all shapes are brought to with leading ones.
const RANK: usize = 6;

/// Neighbouring outputs that are gathered at once.
const LANES: usize = 64;

/// How the elements of every output are found. Neighbouring axes that are all kept or all reduced count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reduction {
    kept_shape: [usize; RANK],
    reduced_shape: [usize; RANK],
    strides: [usize; RANK],
    /// Outputs whose elements lie side by side: the extent of the last axes where they are kept.
    inner: usize,
    /// Elements of one output that lie side by side: the extent of the last axes where they are reduced.
    stretch: usize,
    pub(super) in_len: usize,
    pub(super) out_len: usize,
    /// Elements that make one output.
    pub(super) count: usize,
}

impl Reduction {
    /// A shape and which of its axes are reduced.
    pub(super) const fn new(shape: [usize; RANK], axes: [bool; RANK]) -> Result<Self, InvalidSpec> {
        let in_len = attempt!(elements(&shape));
        let (mut merged, mut reduced) = ([1; RANK], [false; RANK]);
        let (mut groups, mut axis) = (0, 0);
        while axis < RANK {
            if shape[axis] > 1 {
                if groups == 0 || reduced[groups - 1] != axes[axis] {
                    reduced[groups] = axes[axis];
                    groups += 1;
                }
                merged[groups - 1] *= shape[axis];
            }
            axis += 1;
        }
        let (mut kept_shape, mut reduced_shape) = (merged, merged);
        let (mut out_len, mut count) = (1, 1);
        axis = 0;
        while axis < RANK {
            if reduced[axis] {
                kept_shape[axis] = 1;
                count *= merged[axis];
            } else {
                reduced_shape[axis] = 1;
                out_len *= merged[axis];
            }
            axis += 1;
        }
        let (mut inner, mut stretch) = (1, 1);
        if groups > 0 {
            (inner, stretch) = (kept_shape[groups - 1], reduced_shape[groups - 1]);
            (kept_shape[groups - 1], reduced_shape[groups - 1]) = (1, 1);
        }
        let strides = strides(merged);
        Ok(Self { kept_shape, reduced_shape, strides, inner, stretch, in_len, out_len, count })
    }

    /// Folds the elements of every output, from `start` on and in their order, and stores what `finish` makes of them.
    #[inline(always)]
    pub(super) fn apply<T: Copy, A: Copy, O>(
        &self,
        input: &[T],
        output: &mut [O],
        start: A,
        fold: impl Fn(A, T) -> A,
        finish: impl Fn(A) -> O,
    ) {
        let mut kept = [0; RANK];
        for row in rows_mut(output, self.inner) {
            let mut first = at(&kept, &self.strides);
            for outputs in row.chunks_mut(LANES) {
                let mut lanes = [start; LANES];
                self.gather(input, first, outputs.len(), &mut lanes, &fold);
                for (output, &folded) in outputs.iter_mut().zip(&lanes) {
                    *output = finish(folded);
                }
                first += LANES;
            }
            advance(&mut kept, &self.kept_shape);
        }
    }

    /// Folds into each of `n` lanes the elements of its output, the first of which starts at `first`.
    #[inline(always)]
    fn gather<T: Copy, A: Copy>(
        &self,
        input: &[T],
        first: usize,
        n: usize,
        lanes: &mut [A; LANES],
        fold: &impl Fn(A, T) -> A,
    ) {
        let mut reduced = [0; RANK];
        for _ in 0..self.count / self.stretch.max(1) {
            let from = first + at(&reduced, &self.strides);
            if self.inner == 1 {
                let [lane, ..] = lanes;
                *lane = part(input, from, self.stretch).iter().fold(*lane, |folded, &x| fold(folded, x));
            } else {
                for (lane, &x) in lanes.iter_mut().zip(part(input, from, n)) {
                    *lane = fold(*lane, x);
                }
            }
            advance(&mut reduced, &self.reduced_shape);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::super::naive::Random;
    use super::*;

    /// The output of each input element: its index without the reduced axes.
    pub(crate) fn outputs(shape: [usize; RANK], axes: [bool; RANK]) -> Vec<usize> {
        let len = shape.iter().product();
        let out_of = |mut at: usize| {
            let (mut out, mut step) = (0, 1);
            for axis in (0..RANK).rev() {
                let index = at % shape[axis];
                at /= shape[axis];
                if !axes[axis] {
                    out += index * step;
                    step *= shape[axis];
                }
            }
            out
        };
        (0..len).map(out_of).collect()
    }

    #[test]
    fn elements_reach_their_output_in_order() {
        for seed in 0..500 {
            let random = &mut Random::new(seed);
            let shape = [0; RANK].map(|_| random.size(1, 4));
            let axes = [0; RANK].map(|_| random.bits().is_multiple_of(2));
            let reduction = Reduction::new(shape, axes).unwrap();
            let input: Vec<i32> = (0..reduction.in_len).map(|_| random.int32()).collect();
            let mut expected = vec![7_i32; reduction.out_len];
            for (out, &x) in outputs(shape, axes).into_iter().zip(&input) {
                expected[out] = expected[out].wrapping_mul(31).wrapping_add(x);
            }
            let mut output = vec![0; reduction.out_len];
            let fold = |sum: i32, x| sum.wrapping_mul(31).wrapping_add(x);
            reduction.apply(&input, &mut output, 7, fold, |sum| sum);
            assert_eq!(output, expected, "seed {seed}: {shape:?} {axes:?}");
            assert_eq!(reduction.count * reduction.out_len, reduction.in_len);
        }
    }

    #[test]
    fn wide_rows_go_in_several_parts() {
        let reduction =
            Reduction::new([1, 1, 1, 2, 3, 150], [false, false, false, false, true, false]).unwrap();
        let input: Vec<i32> = (0..900).collect();
        let mut output = vec![0; 300];
        reduction.apply(&input, &mut output, 0, |sum, x| sum + x, |sum| sum);
        let expected = (0..300).map(|at| 3 * (at / 150 * 450 + at % 150) + 450);
        assert!(output.into_iter().eq(expected));
    }
}
