//! Per-channel constants of quantised layers: bias, multiplier and shift of each output channel.

use crate::WrongLength;
use crate::error::{length, optional_length};
use crate::fixed::{Output, requantize};

/// Constants of all output channels, and where their results go.
#[derive(Clone, Copy)]
pub(super) struct Channels<'a> {
    bias: &'a [i32],
    multiplier: &'a [i32],
    shift: &'a [i8],
    output: Output,
}

impl<'a> Channels<'a> {
    /// Constants of `out_c` channels; bias may be absent.
    #[inline(always)]
    pub(super) fn new(
        out_c: usize,
        bias: &'a [i32],
        multiplier: &'a [i32],
        shift: &'a [i8],
        output: Output,
    ) -> Result<Self, WrongLength> {
        optional_length("bias", bias.len(), out_c)?;
        length("multiplier", multiplier.len(), out_c)?;
        length("shift", shift.len(), out_c)?;
        Ok(Self { bias, multiplier, shift, output })
    }

    /// Adds biases to the accumulators of the channels from `channel` on, scales and clamps them, and stores them.
    #[inline(always)]
    pub(super) fn store(&self, channel: usize, accumulators: &[i32], output: &mut [i8]) {
        let multiplier = self.multiplier.get(channel..).unwrap_or(&[]);
        let shift = self.shift.get(channel..).unwrap_or(&[]);
        let bias = self.bias.get(channel..).unwrap_or(&[]);
        let constants = multiplier.iter().zip(shift);
        for (at, ((out, &acc), (&multiplier, &shift))) in
            output.iter_mut().zip(accumulators).zip(constants).enumerate()
        {
            let acc = acc.wrapping_add(bias.get(at).copied().unwrap_or(0));
            *out = requantize(acc, multiplier, i32::from(shift), self.output);
        }
    }
}
