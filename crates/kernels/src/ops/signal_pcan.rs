//! SIGNAL_PCAN: `y = shrink(x * gain(noise) >> snr_shift)`, which evens out loudness channel by channel.
//!
//! `gain` is a table of parabolas, one for every power of two; `shrink(x)` is `x^2 / 4` below 2 and `x - 1` from there.
//! Source: TensorFlow Lite Micro, `ApplyPcanAutoGainControlFixed`, `WideDynamicFunction` and `PcanShrink`.

use crate::error::{attempt, elements, ensure, length};
use crate::{InvalidSpec, WrongLength};

/// Entries of the gain table: two values, then three coefficients and one unused entry for every power of two but the
/// last, which has no unused one.
pub const GAIN_LEN: usize = 125;

/// Fraction bits of the ratio of signal to noise.
const SNR_BITS: u32 = 12;
/// Fraction bits of the output.
const OUTPUT_BITS: u32 = 6;

/// Everything about a SIGNAL_PCAN that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uint32Spec {
    /// Channels.
    pub channels: usize,
    /// Entries of the gain table, at least [`GAIN_LEN`].
    pub gain_len: usize,
    /// Bits that the ratio of signal to noise loses, in `0..=63`.
    pub snr_shift: u32,
}

/// SIGNAL_PCAN of uint32 channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uint32 {
    spec: Uint32Spec,
}

impl Uint32 {
    /// Checks the specification.
    pub const fn new(spec: Uint32Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.channels]));
        attempt!(elements(&[spec.gain_len]));
        ensure!(spec.gain_len >= GAIN_LEN, "the gain table of SIGNAL_PCAN must have 125 entries");
        ensure!(spec.snr_shift <= 63, "the shift of SIGNAL_PCAN must be in 0..=63");
        Ok(Self { spec })
    }

    /// Input, noise and output `channels`; `gain` has `gain_len` entries.
    #[inline(never)]
    pub fn run(
        &self,
        input: &[u32],
        noise: &[u32],
        gain: &[i16],
        output: &mut [u32],
    ) -> Result<(), WrongLength> {
        let Uint32Spec { channels, gain_len, snr_shift } = self.spec;
        length("input", input.len(), channels)?;
        length("noise", noise.len(), channels)?;
        length("gain", gain.len(), gain_len)?;
        length("output", output.len(), channels)?;
        for ((y, &x), &noise) in output.iter_mut().zip(input).zip(noise) {
            // A negative gain is a large one, as an unsigned number.
            let gain = i32::from(interpolate(noise, gain)) as u32;
            *y = shrink((u64::from(x) * u64::from(gain)).wrapping_shr(snr_shift) as u32);
        }
        Ok(())
    }
}

/// The table at `x`: the parabola of the power of two below it.
#[inline(always)]
fn interpolate(x: u32, table: &[i16]) -> i16 {
    let entry = |at: u32| table.get(at as usize).copied().map_or(0, i32::from);
    if x <= 2 {
        return entry(x) as i16;
    }
    let bits = 32 - x.leading_zeros();
    let at = 4 * bits - 6;
    let fraction = if bits < 11 { x << (11 - bits) } else { x >> (bits - 11) } & 0x3FF;
    let fraction = fraction as i32;
    let slope = ((entry(at + 2) * fraction) >> 5) + (entry(at + 1) << 5);
    let rise = slope.wrapping_mul(fraction).wrapping_add(1 << 14) >> 15;
    rise.wrapping_add(entry(at)) as i16
}

#[inline(always)]
fn shrink(x: u32) -> u32 {
    if x < 2 << SNR_BITS {
        (x * x) >> (2 + 2 * SNR_BITS - OUTPUT_BITS)
    } else {
        (x >> (SNR_BITS - OUTPUT_BITS)) - (1 << OUTPUT_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_ratios_shrink_and_large_ones_lose_a_unit() {
        // 1/2, 1, 2 and 3 with 12 fraction bits; results have 6.
        assert_eq!([2048, 4096, 8192, 12_288].map(shrink), [4, 16, 64, 128]);
        assert_eq!([0, 8191, u32::MAX].map(shrink), [0, 63, (u32::MAX >> 6) - 64]);
    }

    #[test]
    fn gains_lie_on_the_parabola_of_their_power_of_two() {
        let mut gain = [0; GAIN_LEN];
        gain[..3].copy_from_slice(&[7, 5, 4]);
        // 4 ..= 7: 100 + 32 t + 8 t^2 of t in quarters of the interval, with the slope scaled by 32.
        gain[6..9].copy_from_slice(&[100, 32, 8]);
        // From 2^31 on: the last entries.
        gain[122..].copy_from_slice(&[-1, 0, 0]);
        assert_eq!([0, 1, 2].map(|x| interpolate(x, &gain)), [7, 5, 4]);
        assert_eq!([4, 6, u32::MAX].map(|x| interpolate(x, &gain)), [100, 118, -1]);
    }

    #[test]
    fn a_short_table_is_refused() {
        assert!(Uint32::new(Uint32Spec { channels: 1, gain_len: 124, snr_shift: 6 }).is_err());
        let kernel = Uint32::new(Uint32Spec { channels: 2, gain_len: 125, snr_shift: 0 }).unwrap();
        let mut output = [0; 2];
        assert_eq!(kernel.run(&[4096, 12_288], &[0, 0], &[1; 125], &mut output), Ok(()));
        assert_eq!(output, [16, 128]);
    }
}
