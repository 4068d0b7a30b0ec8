//! Per-channel constants of quantised layers: bias, multiplier and shift of each output channel.

use super::dot::tail;
use crate::WrongLength;
use crate::error::{length, optional_length};
use crate::fixed::{Output, requantize};

/// Neighbouring output channels whose sums are kept at once.
pub(super) const SUMS: usize = 64;

/// What becomes of an output before it is stored.
pub(super) trait Finish: Copy {
    /// Whether channels may have one multiplier and shift for all. Otherwise there is one each.
    const SHARES: bool;

    /// Stores an output in its place.
    fn finish(self, output: i8, place: &mut i8);
}

/// Outputs are stored as they are.
impl Finish for () {
    const SHARES: bool = true;

    #[inline(always)]
    fn finish(self, output: i8, place: &mut i8) {
        *place = output;
    }
}

/// Constants of all output channels, and where their results go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channels<'a, F = ()> {
    constants: Constants<'a>,
    finish: F,
}

#[derive(Debug, Clone, Copy)]
struct Constants<'a> {
    bias: &'a [i32],
    multiplier: &'a [i32],
    shift: &'a [i8],
    output: Output,
}

impl<'a> Channels<'a> {
    /// Constants of `out_c` channels; bias may be absent. One multiplier and shift for all channels, or one each.
    pub(super) fn new(
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
        Ok(Self { constants: Constants { bias, multiplier, shift, output }, finish: () })
    }

    /// The same with something else that becomes of outputs.
    pub(super) const fn finished_by<F: Finish>(self, finish: F) -> Channels<'a, F> {
        Channels { constants: self.constants, finish }
    }
}

impl Constants<'_> {
    /// See [`Channels::start`].
    // Not of `Channels`, so that it is in firmware once.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    fn start(&self, channel: usize, start: i32, sums: &mut [i32]) {
        if self.bias.is_empty() {
            sums.fill(start);
        }
        for (sum, &bias) in sums.iter_mut().zip(tail(self.bias, channel)) {
            *sum = start.wrapping_add(bias);
        }
    }
}

impl<F: Finish> Channels<'_, F> {
    /// Sets the sums of the channels from `channel` on to their biases plus `start`.
    #[inline(always)]
    pub(super) fn start(&self, channel: usize, start: i32, sums: &mut [i32]) {
        self.constants.start(channel, start, sums);
    }

    /// Sets the sums of some pixels of one channel to its bias.
    #[inline(always)]
    pub(super) fn start_pixels(&self, channel: usize, sums: &mut [i32]) {
        sums.fill(self.constants.bias.get(channel).copied().unwrap_or(0));
    }

    /// Scales and clamps the sums of some pixels of one channel; the pixels' outputs are `stride` apart.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub(super) fn store_pixels(&self, channel: usize, stride: usize, sums: &[i32], output: &mut [i8]) {
        let Constants { multiplier, shift, output: to, .. } = self.constants;
        let at = if multiplier.len() == 1 { 0 } else { channel };
        let (Some(&multiplier), Some(&shift)) = (multiplier.get(at), shift.get(at)) else { return };
        let outputs = output.get_mut(channel..).unwrap_or(&mut []).chunks_mut(stride.max(1));
        for (output, &sum) in outputs.zip(sums) {
            if let Some(output) = output.first_mut() {
                self.finish.finish(requantize(sum, multiplier, i32::from(shift), to), output);
            }
        }
    }

    /// Scales and clamps the sums of the channels from `channel` on.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub(super) fn store(&self, channel: usize, sums: &[i32], output: &mut [i8]) {
        let Constants { multiplier, shift, output: to, .. } = self.constants;
        if F::SHARES
            && let ([multiplier], [shift]) = (multiplier, shift)
        {
            for (output, &sum) in output.iter_mut().zip(sums) {
                self.finish.finish(requantize(sum, *multiplier, i32::from(*shift), to), output);
            }
            return;
        }
        let constants = tail(multiplier, channel).iter().zip(tail(shift, channel));
        for ((output, &sum), (&multiplier, &shift)) in output.iter_mut().zip(sums).zip(constants) {
            self.finish.finish(requantize(sum, multiplier, i32::from(shift), to), output);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::naive::Random;

    /// Adds what is there.
    #[derive(Clone, Copy)]
    struct Sum;

    impl Finish for Sum {
        const SHARES: bool = false;

        fn finish(self, output: i8, place: &mut i8) {
            *place = place.wrapping_add(output);
        }
    }

    #[test]
    fn one_multiplier_for_all_channels_is_the_same_for_each() {
        for seed in 0..100 {
            let random = &mut Random::new(seed);
            let n = random.size(2, 9);
            let (bias, multiplier, shift) = random.channels(n);
            let output = Output::new(3, -100, 90).unwrap();
            let (multiplier, shift) = (&multiplier[..1], &shift[..1]);
            let one = Channels::new(n, &bias, multiplier, shift, output).unwrap();
            let (multipliers, shifts) = (std::vec![multiplier[0]; n], std::vec![shift[0]; n]);
            let each = Channels::new(n, &bias, &multipliers, &shifts, output).unwrap();
            let sums: std::vec::Vec<i32> = (0..n).map(|_| random.int32() >> 12).collect();
            let stored = |store: &dyn Fn(&mut [i8])| {
                let mut output = std::vec![7; n];
                store(&mut output);
                output
            };
            let expected = stored(&|to| each.store(0, &sums, to));
            assert_eq!(stored(&|to| one.store(0, &sums, to)), expected);
            let added: std::vec::Vec<i8> = expected.iter().map(|value| value.wrapping_add(7)).collect();
            assert_eq!(stored(&|to| each.finished_by(Sum).store(0, &sums, to)), added);
            assert!(Channels::new(n + 1, &bias, &multipliers, &shifts, output).is_err());
        }
    }
}
