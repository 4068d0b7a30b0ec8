//! Inner products of gathered input with filter rows, what convolutions and fully connected layers spend their time on.
//!
//! The input of one output pixel is gathered into a stretch on the stack, zero point subtracted and padding filled in,
//! and then meets every filter: the inner loop is left with loads and multiply-accumulates.

#[cfg(feature = "host")]
mod tile;

#[cfg(feature = "host")]
pub(super) use tile::Tile;

use super::channels::{Channels, Finish, SUMS};
use crate::WrongLength;
use crate::error::length;

/// Products that are summed at once. Longer sums go in several stretches.
const STRETCH: usize = 640;

/// What a layer keeps on the stack.
pub(super) struct Scratch {
    pub(super) stretch: [i16; STRETCH],
    pub(super) sums: [i32; SUMS],
}

impl Scratch {
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self { stretch: [0; STRETCH], sums: [0; SUMS] }
    }
}

/// Rows of weights, one for each output channel.
pub(super) trait Filter: Copy {
    /// Fails unless there are as many weights.
    fn check(self, n_weights: usize) -> Result<(), WrongLength>;

    /// Adds to every sum its products of `x` with weights of a row, from `from` on; the first sum belongs to the row
    /// `first`, and a row has `row` weights.
    fn add_products(self, x: &[i16], first: usize, row: usize, from: usize, sums: &mut [i32]);

    /// Fills a slice with the weights from `start` on, moved by their zero point.
    #[cfg(feature = "host")]
    fn widen(self, start: usize, to: &mut [i16]);
}

impl Filter for &[i8] {
    #[inline(always)]
    fn check(self, n_weights: usize) -> Result<(), WrongLength> {
        length("filter", self.len(), n_weights)
    }

    #[inline(always)]
    fn add_products(self, x: &[i16], first: usize, row: usize, from: usize, sums: &mut [i32]) {
        dot_rows(x, tail(self, first * row), row, from, sums);
    }

    #[cfg(feature = "host")]
    #[inline(always)]
    fn widen(self, start: usize, to: &mut [i16]) {
        gather(tail(self, start), 0, to);
    }
}

/// Weights with a zero point.
#[derive(Clone, Copy)]
pub(super) struct Shifted<'a> {
    pub(super) filter: &'a [i8],
    /// What is added to every weight.
    pub(super) offset: i32,
}

impl Filter for Shifted<'_> {
    #[inline(always)]
    fn check(self, n_weights: usize) -> Result<(), WrongLength> {
        self.filter.check(n_weights)
    }

    #[inline(always)]
    fn add_products(self, x: &[i16], first: usize, row: usize, from: usize, sums: &mut [i32]) {
        // The offset meets the sum of the inputs, the same for every row.
        let mut sum_x = 0_i32;
        for &x in x {
            sum_x = sum_x.wrapping_add(i32::from(x));
        }
        let correction = sum_x.wrapping_mul(self.offset);
        for sum in sums.iter_mut() {
            *sum = sum.wrapping_add(correction);
        }
        self.filter.add_products(x, first, row, from, sums);
    }

    #[cfg(feature = "host")]
    #[inline(always)]
    fn widen(self, start: usize, to: &mut [i16]) {
        gather(tail(self.filter, start), self.offset, to);
    }
}

/// What fills a stretch with the inputs of an output pixel.
pub(super) trait Inputs {
    /// Fills the stretch with inputs from an index on, zero point subtracted.
    fn gather(&self, start: usize, stretch: &mut [i16]);
}

/// A layer whose outputs are inner products: convolution or fully connected.
pub(super) struct Layer<'a, F, R = ()> {
    /// Elements of a filter row.
    pub(super) len: usize,
    /// One row for each output channel.
    pub(super) filter: F,
    /// Constants of each output channel.
    pub(super) channels: Channels<'a, R>,
}

impl<F: Filter, R: Finish> Layer<'_, F, R> {
    /// Computes the neighbouring outputs from channel `first` on, all from the same inputs. `start` is added to every sum.
    #[inline(always)]
    pub(super) fn compute(
        &self,
        first: usize,
        start: i32,
        scratch: &mut Scratch,
        output: &mut [i8],
        inputs: &impl Inputs,
    ) {
        let mut gathered = false;
        let mut channel = first;
        for output in output.chunks_mut(SUMS) {
            let sums = scratch.sums.get_mut(..output.len()).unwrap_or(&mut []);
            self.channels.start(channel, start, sums);
            let mut done = 0;
            while done < self.len {
                let x = scratch.stretch.get_mut(..(self.len - done).min(STRETCH)).unwrap_or(&mut []);
                if !gathered {
                    inputs.gather(done, x);
                }
                self.filter.add_products(x, channel, self.len, done, sums);
                done += STRETCH;
            }
            gathered = self.len <= STRETCH;
            self.channels.store(channel, sums, output);
            channel += SUMS;
        }
    }
}

/// Adds to every sum its products of `x` with the elements from `from` on in a filter row of `row` elements.
#[cfg_attr(feature = "host", inline(always))]
#[cfg_attr(not(feature = "host"), inline(never))]
pub(super) fn dot_rows(x: &[i16], filter: &[i8], row: usize, from: usize, sums: &mut [i32]) {
    let mut w = tail(filter, from);
    let (fours, rest) = sums.as_chunks_mut::<4>();
    for sums in fours {
        dot_4(x, w, row, sums);
        w = tail(w, 4 * row);
    }
    for sum in rest {
        dot_1(x, w, sum);
        w = tail(w, row);
    }
}

/// Adds to a sum the products of `x` with a filter row.
// Not inlined, nor is its twin: the inner loop then has all registers to itself.
#[cfg_attr(feature = "host", inline(always))]
#[cfg_attr(not(feature = "host"), inline(never))]
fn dot_1(x: &[i16], w: &[i8], sum: &mut i32) {
    let mut total = *sum;
    for (&x, &w) in x.iter().zip(w) {
        total = mac(total, i32::from(x), w);
    }
    *sum = total;
}

/// [`dot_1`] of four rows, `row` elements apart: every input element is loaded once for four products.
#[cfg_attr(feature = "host", inline(always))]
#[cfg_attr(not(feature = "host"), inline(never))]
fn dot_4(x: &[i16], w: &[i8], row: usize, sums: &mut [i32; 4]) {
    let len = x.len();
    let Some((w0, rest)) = split(w, row, len) else { return };
    let Some((w1, rest)) = split(rest, row, len) else { return };
    let Some((w2, rest)) = split(rest, row, len) else { return };
    let Some(w3) = rest.get(..len) else { return };
    let ((x, x_rest), (w0, rest_0), (w1, rest_1)) = (unrolled(x), unrolled(w0), unrolled(w1));
    let ((w2, rest_2), (w3, rest_3)) = (unrolled(w2), unrolled(w3));
    let [mut a0, mut a1, mut a2, mut a3] = *sums;
    for ((((x, w0), w1), w2), w3) in x.iter().zip(w0).zip(w1).zip(w2).zip(w3) {
        a0 = mac_4(a0, x, w0);
        a1 = mac_4(a1, x, w1);
        a2 = mac_4(a2, x, w2);
        a3 = mac_4(a3, x, w3);
    }
    for ((((&x, &w0), &w1), &w2), &w3) in x_rest.iter().zip(rest_0).zip(rest_1).zip(rest_2).zip(rest_3) {
        let x = i32::from(x);
        a0 = mac(a0, x, w0);
        a1 = mac(a1, x, w1);
        a2 = mac(a2, x, w2);
        a3 = mac(a3, x, w3);
    }
    *sums = [a0, a1, a2, a3];
}

/// The part of a slice that a loop goes through four elements at a time, and the rest. On the host that is all: the
/// compiler then uses vectors.
#[inline(always)]
fn unrolled<T>(slice: &[T]) -> (&[[T; 4]], &[T]) {
    if cfg!(feature = "host") { (&[], slice) } else { slice.as_chunks::<4>() }
}

#[inline(always)]
fn mac_4(sum: i32, x: &[i16; 4], w: &[i8; 4]) -> i32 {
    let (&[x0, x1, x2, x3], &[w0, w1, w2, w3]) = (x, w);
    let sum = mac(mac(sum, i32::from(x0), w0), i32::from(x1), w1);
    mac(mac(sum, i32::from(x2), w2), i32::from(x3), w3)
}

/// The first `len` elements, and those from the next row on.
#[inline(always)]
fn split(w: &[i8], row: usize, len: usize) -> Option<(&[i8], &[i8])> {
    Some((w.get(..len)?, w.get(row..)?))
}

/// Copies inputs, moved by their offset.
#[inline(always)]
pub(super) fn gather<T: Copy + Into<i32>>(input: &[T], x_offset: i32, stretch: &mut [i16]) {
    for (to, &from) in stretch.iter_mut().zip(input) {
        *to = (from.into() + x_offset) as i16;
    }
}

/// One multiply-accumulate. Like the reference on every real target, a sum past 32 bits wraps.
#[inline(always)]
pub(super) fn mac(sum: i32, x: i32, w: i8) -> i32 {
    sum.wrapping_add(x * i32::from(w))
}

/// `len` elements from `start`, or none if they are not all there. Callers stay inside; this has no panic path.
#[inline(always)]
pub(crate) fn part<T>(slice: &[T], start: usize, len: usize) -> &[T] {
    tail(slice, start).get(..len).unwrap_or(&[])
}

/// The elements from `start` on, or none past the end.
#[inline(always)]
pub(crate) fn tail<T>(slice: &[T], start: usize) -> &[T] {
    slice.get(start..).unwrap_or(&[])
}
