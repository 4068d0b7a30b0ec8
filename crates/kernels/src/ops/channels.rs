//! Per-channel constants of quantised layers: bias, multiplier and shift of each output channel.

use super::dot::tail;
use crate::WrongLength;
use crate::error::{length, optional_length};
use crate::fixed::{Output, requantize};

/// Neighbouring output channels whose sums are kept at once.
pub(super) const SUMS: usize = 64;

/// Constants of all output channels, and where their results go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channels<'a> {
    bias: &'a [i32],
    multiplier: &'a [i32],
    shift: &'a [i8],
    output: Output,
}

impl<'a> Channels<'a> {
    /// Constants of `out_c` channels; bias may be absent.
    pub(super) fn new(
        out_c: usize,
        bias: &'a [i32],
        multiplier: &'a [i32],
        shift: &'a [i8],
        output: Output,
    ) -> Result<Self, WrongLength> {
        length("multiplier", multiplier.len(), out_c)?;
        length("shift", shift.len(), out_c)?;
        Self::shared(out_c, bias, multiplier, shift, output)
    }

    /// [`Channels::new`] with one multiplier and shift for all channels, or one each.
    pub(super) fn shared(
        out_c: usize,
        bias: &'a [i32],
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

    /// Sets the sums of the channels from `channel` on to their biases plus `start`.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub(super) fn start(&self, channel: usize, start: i32, sums: &mut [i32]) {
        if self.bias.is_empty() {
            sums.fill(start);
        }
        for (sum, &bias) in sums.iter_mut().zip(tail(self.bias, channel)) {
            *sum = start.wrapping_add(bias);
        }
    }

    /// Sets the sums of some pixels of one channel to its bias.
    #[inline(always)]
    pub(super) fn start_pixels(&self, channel: usize, sums: &mut [i32]) {
        sums.fill(self.bias.get(channel).copied().unwrap_or(0));
    }

    /// Scales and clamps the sums of some pixels of one channel; the pixels' outputs are `stride` apart.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub(super) fn store_pixels(&self, channel: usize, stride: usize, sums: &[i32], output: &mut [i8]) {
        let at = if self.multiplier.len() == 1 { 0 } else { channel };
        let (Some(&multiplier), Some(&shift)) = (self.multiplier.get(at), self.shift.get(at)) else { return };
        let outputs = output.get_mut(channel..).unwrap_or(&mut []).chunks_mut(stride.max(1));
        for (output, &sum) in outputs.zip(sums) {
            if let Some(output) = output.first_mut() {
                *output = requantize(sum, multiplier, i32::from(shift), self.output);
            }
        }
    }

    /// Scales and clamps the sums of the channels from `channel` on.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub(super) fn store(&self, channel: usize, sums: &[i32], output: &mut [i8]) {
        if let ([multiplier], [shift]) = (self.multiplier, self.shift) {
            for (output, &sum) in output.iter_mut().zip(sums) {
                *output = requantize(sum, *multiplier, i32::from(*shift), self.output);
            }
            return;
        }
        let constants = tail(self.multiplier, channel).iter().zip(tail(self.shift, channel));
        for ((output, &sum), (&multiplier, &shift)) in output.iter_mut().zip(sums).zip(constants) {
            *output = requantize(sum, multiplier, i32::from(shift), self.output);
        }
    }
}
