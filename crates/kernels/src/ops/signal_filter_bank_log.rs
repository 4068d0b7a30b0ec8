//! SIGNAL_FILTER_BANK_LOG: `y = output_scale * ln(x * 2^input_correction_bits)`, and 0 where that product is at most 1.
//!
//! Source: TensorFlow Lite Micro, `FilterbankLog`, `Log32` and `Log2FractionPart32`: the logarithm to base 2 with 16
//! fraction bits, interpolated in 128 segments.

use crate::error::{attempt, elements, ensure, length};
use crate::{InvalidSpec, WrongLength};

/// Everything about a SIGNAL_FILTER_BANK_LOG that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uint32Spec {
    /// Channels.
    pub channels: usize,
    /// Factor of the logarithm.
    pub output_scale: i32,
    /// Bits that the input gains first, in `0..=31`.
    pub input_correction_bits: u32,
}

/// SIGNAL_FILTER_BANK_LOG of uint32 channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uint32 {
    spec: Uint32Spec,
}

/// Fraction bits of logarithms.
const FRACTION: u32 = 16;
/// `2^16 (log2(1 + i / 128) - i / 128)`, rounded.
#[rustfmt::skip]
const CURVE: [u16; 129] = [
    0, 224, 442, 654, 861, 1063, 1259, 1450, 1636, 1817, 1992, 2163, 2329, 2490, 2646, 2797,
    2944, 3087, 3224, 3358, 3487, 3611, 3732, 3848, 3960, 4068, 4172, 4272, 4368, 4460, 4549, 4633,
    4714, 4791, 4864, 4934, 5001, 5063, 5123, 5178, 5231, 5280, 5326, 5368, 5408, 5444, 5477, 5507,
    5533, 5557, 5578, 5595, 5610, 5622, 5631, 5637, 5640, 5641, 5638, 5633, 5626, 5615, 5602, 5586,
    5568, 5547, 5524, 5498, 5470, 5439, 5406, 5370, 5332, 5291, 5249, 5203, 5156, 5106, 5054, 5000,
    4944, 4885, 4825, 4762, 4697, 4630, 4561, 4490, 4416, 4341, 4264, 4184, 4103, 4020, 3935, 3848,
    3759, 3668, 3575, 3481, 3384, 3286, 3186, 3084, 2981, 2875, 2768, 2659, 2549, 2437, 2323, 2207,
    2090, 1971, 1851, 1729, 1605, 1480, 1353, 1224, 1094, 963, 830, 695, 559, 421, 282, 142, 0,
];

impl Uint32 {
    /// Checks the specification.
    pub const fn new(spec: Uint32Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.channels]));
        ensure!(
            spec.input_correction_bits <= 31,
            "the correction bits of SIGNAL_FILTER_BANK_LOG must be in 0..=31"
        );
        Ok(Self { spec })
    }

    /// Input and output `channels`.
    #[inline(never)]
    pub fn run(&self, input: &[u32], output: &mut [i16]) -> Result<(), WrongLength> {
        let Uint32Spec { channels, output_scale, input_correction_bits } = self.spec;
        length("input", input.len(), channels)?;
        length("output", output.len(), channels)?;
        for (y, &x) in output.iter_mut().zip(input) {
            let x = x.wrapping_shl(input_correction_bits);
            *y = if x > 1 { scaled_log(x, output_scale as u32).min(i16::MAX as u32) as i16 } else { 0 };
        }
        Ok(())
    }
}

/// `scale * ln(x)` of `x` above 0, rounded.
#[inline(always)]
fn scaled_log(x: u32, scale: u32) -> u32 {
    const LN_2: u64 = 45_426;
    const HALF: u32 = 1 << (FRACTION - 1);
    let whole = x.leading_zeros() ^ 31;
    let log_2 = (whole << FRACTION).wrapping_add(log_2_of_fraction(x, whole));
    let log = ((LN_2 * u64::from(log_2) + u64::from(HALF)) >> FRACTION) as u32;
    scale.wrapping_mul(log).wrapping_add(HALF) >> FRACTION
}

/// `log2(x / 2^whole)` of `x` in `2^whole..2^(whole + 1)`.
#[inline(always)]
fn log_2_of_fraction(x: u32, whole: u32) -> u32 {
    const SEGMENT: u32 = FRACTION - 7;
    let above = x.wrapping_sub(1_u32.wrapping_shl(whole));
    let fraction = above.wrapping_shl(FRACTION.saturating_sub(whole)) >> whole.saturating_sub(FRACTION);
    let segment = (fraction >> SEGMENT) as usize;
    let entry = |at: usize| CURVE.get(at).copied().map_or(0, i32::from);
    let within = (fraction & ((1 << SEGMENT) - 1)) as i32;
    let rise = ((entry(segment + 1) - entry(segment)) * within) >> FRACTION;
    (fraction as i32 + entry(segment) + rise) as u32
}

#[cfg(test)]
mod tests {
    use super::super::naive::Random;
    use super::*;

    #[test]
    fn the_curve_is_the_logarithm_above_its_chord() {
        for (i, &entry) in CURVE.iter().enumerate() {
            let t = i as f64 / 128.0;
            let exact = 65_536.0 * ((1.0 + t).log2() - t);
            assert!((f64::from(entry) - exact).abs() < 0.6, "{i}: {entry} for {exact}");
        }
    }

    #[test]
    fn logarithms_are_close_to_real_ones() {
        let random = &mut Random::new(1);
        for _ in 0..10_000 {
            let x = (random.bits() >> (random.bits() % 31)).max(2);
            let exact = f64::from(x).ln() * 1024.0;
            // The definition interpolates with a 128th of the slope, so a segment is off by up to 224 / 65536.
            let result = f64::from(scaled_log(x, 1024));
            assert!((result - exact).abs() < 4.0, "ln {x} * 1024 is {exact}, not {result}");
        }
    }

    #[test]
    fn ones_and_zeros_have_no_logarithm_and_large_ones_saturate() {
        let kernel = Uint32::new(Uint32Spec { channels: 4, output_scale: 1 << 11, input_correction_bits: 0 });
        let mut output = [9; 4];
        assert_eq!(kernel.unwrap().run(&[0, 1, 2, u32::MAX], &mut output), Ok(()));
        // 2048 * ln 2 = 1419.57; 2048 * 22.18 is beyond int16.
        assert_eq!(output, [0, 0, 1420, 32_767]);
    }
}
