//! The walk over channels and taps that the kinds of DEPTHWISE_CONV_2D share, other than int8 and float.

use crate::ops::channels::SUMS;
use crate::rows::rows_mut;
use crate::shared::Input;
use crate::window::{Pixel, Window, for_each_tap};

/// Neighbouring output channels of a pixel, either each with its own input channel or all with the same.
#[derive(Clone, Copy)]
pub(super) struct Chunk {
    /// The first output channel.
    pub(super) first: usize,
    in_c: usize,
    n_inputs: usize,
}

/// Calls `f` with chunks of at most [`SUMS`] output channels and their outputs.
#[inline(always)]
pub(super) fn for_each_chunk<T>(
    depth_multiplier: usize,
    output: &mut [T],
    mut f: impl FnMut(Chunk, &mut [T]),
) {
    let mut first = 0;
    let of_one_input = if depth_multiplier == 1 { output.len() } else { depth_multiplier };
    for (in_c, output) in rows_mut(output, of_one_input).enumerate() {
        for output in output.chunks_mut(SUMS) {
            let (in_c, n_inputs) = if depth_multiplier == 1 { (first, output.len()) } else { (in_c, 1) };
            f(Chunk { first, in_c, n_inputs }, output);
            first += output.len();
        }
    }
}

/// Calls `f` for every tap inside the input with the inputs of a chunk, one for each output channel or one for all, and
/// the index of the first weight.
#[inline(always)]
pub(super) fn for_each_row<T: Copy>(
    window: &Window,
    pixel: &Pixel,
    chunk: Chunk,
    input: Input<'_, T>,
    mut f: impl FnMut(&[T], usize),
) {
    for_each_tap(window, pixel, |x, tap| {
        f(input.part(x + chunk.in_c, chunk.n_inputs), tap * window.out_c + chunk.first);
    });
}

/// Folds `f` over inputs and weights into the sums.
#[inline(always)]
pub(super) fn accumulate<T: Copy, S: Copy>(x: &[T], w: &[i8], sums: &mut [S], f: impl Fn(S, T, i8) -> S) {
    if let &[x] = x {
        for (sum, &w) in sums.iter_mut().zip(w) {
            *sum = f(*sum, x, w);
        }
        return;
    }
    for ((sum, &x), &w) in sums.iter_mut().zip(x).zip(w) {
        *sum = f(*sum, x, w);
    }
}
