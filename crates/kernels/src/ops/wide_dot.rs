//! Inner products of int16 inputs with filter rows, and the per-channel constants of layers with int16 outputs.
//!
//! Products are summed in 32 bits as far as they fit and the partial sums in 64, so the inner loops are those of int8.

use super::channels::SUMS;
use super::dot::{Inputs, dot_rows, part, tail};
use crate::WrongLength;
use crate::error::{length, optional_length};
use crate::wide::Output;

/// Products of int16 and int8 whose sum fits 32 bits in any case: fewer than 2^31 / 2^22.
const STRETCH: usize = 504;

/// Constants of all output channels, and where their results go.
#[derive(Clone, Copy)]
pub(super) struct Channels<'a> {
    bias: &'a [i64],
    multiplier: &'a [i32],
    shift: &'a [i8],
    output: Output,
}

impl<'a> Channels<'a> {
    /// Constants of `out_c` channels; bias may be absent. One multiplier and shift for all, or one each.
    pub(super) fn new(
        out_c: usize,
        bias: &'a [i64],
        multiplier: &'a [i32],
        shift: &'a [i8],
        output: Output,
    ) -> Result<Self, WrongLength> {
        optional_length("bias", bias.len(), out_c)?;
        if multiplier.len() != 1 {
            length("multiplier", multiplier.len(), out_c)?;
        }
        length("shift", shift.len(), multiplier.len())?;
        Ok(Self { bias, multiplier, shift, output })
    }

    /// Scales and clamps the sums of the channels from `channel` on, to which their biases are added.
    #[inline(never)]
    pub(super) fn store(&self, channel: usize, sums: &[i64], output: &mut [i16]) {
        for (at, (output, &sum)) in (channel..).zip(output.iter_mut().zip(sums)) {
            let sum = sum.wrapping_add(self.bias.get(at).copied().unwrap_or(0));
            let at = if self.multiplier.len() == 1 { 0 } else { at };
            if let (Some(&multiplier), Some(&shift)) = (self.multiplier.get(at), self.shift.get(at)) {
                *output = self.output.requantize(sum, multiplier, i32::from(shift));
            }
        }
    }
}

/// What a layer keeps on the stack.
pub(super) struct Scratch {
    pub(super) stretch: [i16; STRETCH],
    pub(super) sums: [i64; SUMS],
}

impl Scratch {
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self { stretch: [0; STRETCH], sums: [0; SUMS] }
    }
}

/// A layer whose outputs are inner products: convolution or fully connected.
pub(super) struct Layer<'a> {
    /// Elements of a filter row.
    pub(super) len: usize,
    /// One row for each output channel.
    pub(super) filter: &'a [i8],
    /// Constants of each output channel.
    pub(super) channels: Channels<'a>,
}

impl Layer<'_> {
    /// Computes the neighbouring outputs from channel `first` on, all from the same inputs.
    #[inline(always)]
    pub(super) fn compute(
        &self,
        first: usize,
        scratch: &mut Scratch,
        output: &mut [i16],
        inputs: &impl Inputs,
    ) {
        let mut gathered = false;
        let mut channel = first;
        for output in output.chunks_mut(SUMS) {
            let sums = scratch.sums.get_mut(..output.len()).unwrap_or(&mut []);
            sums.fill(0);
            let mut done = 0;
            while done < self.len {
                let x = scratch.stretch.get_mut(..(self.len - done).min(STRETCH)).unwrap_or(&mut []);
                if !gathered {
                    inputs.gather(done, x);
                }
                add_products(x, tail(self.filter, channel * self.len), self.len, done, sums);
                done += STRETCH;
            }
            gathered = self.len <= STRETCH;
            self.channels.store(channel, sums, output);
            channel += SUMS;
        }
    }
}

/// Adds to every sum, of at most [`SUMS`], its products of `x` with the weights from `from` on in a row of `row` weights.
#[inline(never)]
pub(super) fn add_products(x: &[i16], filter: &[i8], row: usize, from: usize, sums: &mut [i64]) {
    let mut partial = [0; SUMS];
    let partial = partial.get_mut(..sums.len()).unwrap_or(&mut []);
    let mut done = 0;
    while done < x.len() {
        partial.fill(0);
        dot_rows(part(x, done, (x.len() - done).min(STRETCH)), filter, row, from + done, partial);
        for (sum, &partial) in sums.iter_mut().zip(partial.iter()) {
            *sum = sum.wrapping_add(i64::from(partial));
        }
        done += STRETCH;
    }
}
