//! Filters in fewer bytes: without their zeros, or as indices into a codebook, or both. They are read row by row; the same
//! row meets several pixels, so that what unpacking it costs is shared.

use super::channels::{Channels, SUMS};
use super::dot::{dot_rows, mac, part, tail};
use crate::WrongLength;
use crate::error::{InvalidSpec, ensure, length, optional_length};
use crate::rows::rows;

/// Weights that are unpacked at once.
const UNPACKED: usize = 256;

/// A filter of `[rows, row]` weights.
#[derive(Clone, Copy)]
pub(super) struct Stored<'a> {
    /// A bit for each weight, the lowest first, 1 where it is not 0; rows begin with a byte. Empty where all weights stand in
    /// [`Stored::values`].
    pub(super) mask: &'a [u8],
    /// For each row, which of the values is its first; empty without a mask.
    pub(super) starts: &'a [u16],
    /// What the values are indices into: one table for all rows, or one of `2^bits` for each; empty where they are the weights.
    pub(super) codebook: &'a [i8],
    /// Weights, or indices of `bits` bits one after the other, the lowest bits of a byte first.
    pub(super) values: &'a [u8],
    /// Bits of a value: 8 for weights.
    pub(super) bits: u32,
}

/// Fails unless values of so many bits can be.
pub(super) const fn check_bits(bits: u32) -> Result<(), InvalidSpec> {
    ensure!(bits >= 1 && bits <= 8, "a value must have 1 to 8 bits");
    Ok(())
}

impl Stored<'_> {
    /// Fails unless the parts are as long as a filter needs. Values past the end read as 0.
    pub(super) fn check(self, n_rows: usize, row: usize) -> Result<(), WrongLength> {
        if self.codebook.len() > 1 << self.bits {
            length("codebook", self.codebook.len(), n_rows << self.bits)?;
        }
        if self.mask.is_empty() {
            optional_length("starts", self.starts.len(), 0)?;
            return length("values", self.values.len(), (n_rows * row * self.bits as usize).div_ceil(8));
        }
        length("mask", self.mask.len(), n_rows * row.div_ceil(8))?;
        length("starts", self.starts.len(), n_rows)
    }

    /// The same with only the table of a row.
    #[inline(always)]
    fn of_row(self, index: usize) -> Self {
        let len = 1 << self.bits;
        let own =
            if self.codebook.len() > len { part(self.codebook, index * len, len) } else { self.codebook };
        Self { codebook: own, ..self }
    }

    /// The value at `at`.
    #[inline(always)]
    fn value(self, at: usize) -> i8 {
        if self.codebook.is_empty() {
            return self.values.get(at).copied().unwrap_or(0).cast_signed();
        }
        let bit = at * self.bits as usize;
        let low = self.values.get(bit / 8).copied().unwrap_or(0);
        let high = self.values.get(bit / 8 + 1).copied().unwrap_or(0);
        let word = u32::from(low) | u32::from(high) << 8;
        let index = (word >> (bit % 8)) & ((1 << self.bits) - 1);
        self.codebook.get(index as usize).copied().unwrap_or(0)
    }

    /// Writes the values from `first` on.
    #[inline(always)]
    pub(super) fn unpack<T: From<i8>>(self, first: usize, to: &mut [T]) {
        for (to, at) in to.iter_mut().zip(first..) {
            *to = self.value(at).into();
        }
    }

    /// Adds to every sum the product of row `index` with inputs: those of the first sum, then those of the next, `row` apart.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub(super) fn add_products(self, index: usize, row: usize, inputs: &[i8], sums: &mut [i32]) {
        let filter = self.of_row(index);
        if self.mask.is_empty() {
            filter.add_all(index, row, inputs, sums);
        } else {
            filter.add_nonzero(index, row, inputs, sums);
        }
    }

    fn add_all(self, index: usize, row: usize, inputs: &[i8], sums: &mut [i32]) {
        let mut unpacked = [0_i16; UNPACKED];
        let mut from = 0;
        while from < row {
            let piece = unpacked.get_mut(..(row - from).min(UNPACKED)).unwrap_or(&mut []);
            self.unpack(index * row + from, piece);
            dot_rows(piece, inputs, row, from, sums);
            from += UNPACKED;
        }
    }

    fn add_nonzero(self, index: usize, row: usize, inputs: &[i8], sums: &mut [i32]) {
        for (sum, inputs) in sums.iter_mut().zip(rows(inputs, row)) {
            *sum = match self.codebook.is_empty() {
                true => self.with_products(index, row, inputs, *sum, |at| {
                    self.values.get(at).copied().unwrap_or(0).cast_signed()
                }),
                false => self.with_products(index, row, inputs, *sum, |at| self.value(at)),
            };
        }
    }

    /// A sum with the products of a row's weights that are not 0; `value` gives them by their number.
    #[inline(always)]
    fn with_products(
        self,
        index: usize,
        row: usize,
        inputs: &[i8],
        mut sum: i32,
        value: impl Fn(usize) -> i8,
    ) -> i32 {
        let mut at = usize::from(self.starts.get(index).copied().unwrap_or(0));
        let masks = part(self.mask, index * row.div_ceil(8), row.div_ceil(8));
        for (&mask, inputs) in masks.iter().zip(inputs.chunks(8)) {
            let mut mask = mask;
            while mask != 0 {
                let place = mask.trailing_zeros() as usize;
                mask &= mask - 1;
                sum = mac(sum, i32::from(value(at)), inputs.get(place).copied().unwrap_or(0));
                at += 1;
            }
        }
        sum
    }

    /// [`Stored::add_products`] of a filter with a mask, with inputs that lie four by four: the values of the first four sums at
    /// each place of a row, then those of the next four.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub(super) fn add_fours(self, index: usize, row: usize, inputs: &[[i8; 4]], sums: &mut [i32]) {
        self.of_row(index).for_nonzero(index, row, |found| {
            let mut inputs = inputs;
            for sums in sums.as_chunks_mut::<4>().0 {
                add_four(found, inputs, sums);
                inputs = tail(inputs, row);
            }
        });
    }

    /// Calls `visit` with the weights of a row that are not 0, each with its place, some at a time.
    #[inline(always)]
    fn for_nonzero(self, index: usize, row: usize, mut visit: impl FnMut(&[(u16, i16)])) {
        let mut found = [(0_u16, 0_i16); UNPACKED];
        let mut n = 0;
        let mut value = usize::from(self.starts.get(index).copied().unwrap_or(0));
        for (byte, &mask) in part(self.mask, index * row.div_ceil(8), row.div_ceil(8)).iter().enumerate() {
            let mut mask = mask;
            while mask != 0 {
                let place = byte * 8 + mask.trailing_zeros() as usize;
                mask &= mask - 1;
                if let Some(slot) = found.get_mut(n) {
                    *slot = (place as u16, i16::from(self.value(value)));
                }
                (n, value) = (n + 1, value + 1);
            }
            // The next byte may hold eight more.
            if n > UNPACKED - 8 {
                visit(part(&found, 0, n));
                n = 0;
            }
        }
        visit(part(&found, 0, n));
    }
}

/// Adds to four sums the products of weights with their inputs.
// Not inlined: the inner loop then has all registers to itself.
#[cfg_attr(feature = "host", inline(always))]
#[cfg_attr(not(feature = "host"), inline(never))]
fn add_four(found: &[(u16, i16)], inputs: &[[i8; 4]], sums: &mut [i32; 4]) {
    let [mut a, mut b, mut c, mut d] = *sums;
    for &(place, weight) in found {
        let Some(&[x0, x1, x2, x3]) = inputs.get(usize::from(place)) else { continue };
        let weight = i32::from(weight);
        (a, b) = (mac(a, weight, x0), mac(b, weight, x1));
        (c, d) = (mac(c, weight, x2), mac(d, weight, x3));
    }
    *sums = [a, b, c, d];
}

/// Computes all channels of some pixels, whose sums `add` makes; `output` are their channels. Biases hold what the input's
/// zero point adds to a sum.
#[inline(always)]
pub(super) fn compute(
    channels: Channels<'_>,
    n_channels: usize,
    output: &mut [i8],
    mut add: impl FnMut(usize, &mut [i32]),
) {
    let mut sums = [0_i32; SUMS];
    let n = output.len().checked_div(n_channels).unwrap_or(0);
    // Sums go four by four; those past the last pixel are not stored.
    let sums = sums.get_mut(..n.next_multiple_of(4)).unwrap_or(&mut []);
    for channel in 0..n_channels {
        channels.start_pixels(channel, sums);
        add(channel, sums);
        channels.store_pixels(channel, n_channels, sums, output);
    }
}
