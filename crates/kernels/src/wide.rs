//! Fixed-point arithmetic of int16 activations, whose sums have 64 bits.
//!
//! Source: TensorFlow Lite Micro, `MultiplyByQuantizedMultiplier` of an `int64_t`.

use crate::InvalidSpec;
use crate::error::ensure;
use crate::fixed::multiply_by_quantized_multiplier;

/// `x * multiplier / 2^31 * 2^shift`: the multiplier is rounded to 16 bits first, then the product is rounded once,
/// halves towards plus infinity. The multiplier is not negative, the shift in `-31..=14`, and `x` has at most 48 bits.
#[inline(always)]
pub(crate) const fn multiply_wide_by_quantized_multiplier(x: i64, multiplier: i32, shift: i32) -> i32 {
    let reduced = if multiplier < 0x7fff_0000 { (multiplier + (1 << 15)) >> 16 } else { 0x7fff };
    let right = 15_i32.wrapping_sub(shift) as u32;
    let half = 1_i64.wrapping_shl(right.wrapping_sub(1));
    x.wrapping_mul(reduced as i64).wrapping_add(half).wrapping_shr(right) as i32
}

/// Where sums go: the bounds of an int16 output, whose zero point is 0, and how they are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Output {
    act_min: i32,
    act_max: i32,
    narrow: bool,
}

impl Output {
    /// Checks the bounds. `narrow` sums wrap at 32 bits and are rounded as those of int8 kernels.
    pub(crate) const fn new(act_min: i32, act_max: i32, narrow: bool) -> Result<Self, InvalidSpec> {
        ensure!(
            -32768 <= act_min && act_min <= act_max && act_max <= 32767,
            "activation bounds must be ordered and in -32768..=32767"
        );
        Ok(Self { act_min, act_max, narrow })
    }

    /// A sum scaled and clamped.
    #[inline(always)]
    pub(crate) const fn requantize(self, sum: i64, multiplier: i32, shift: i32) -> i16 {
        let value = if self.narrow {
            multiply_by_quantized_multiplier(sum as i32, multiplier, shift)
        } else {
            multiply_wide_by_quantized_multiplier(sum, multiplier, shift)
        };
        self.clamp(value)
    }

    /// A value between the bounds.
    #[inline(always)]
    pub(crate) const fn clamp(self, value: i32) -> i16 {
        let value = if value < self.act_min { self.act_min } else { value };
        (if value > self.act_max { self.act_max } else { value }) as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::naive::{Random, scale_wide};

    #[test]
    fn wide_multiplication_rounds_the_multiplier_and_the_product() {
        // 0.75 + 2^-17 has the reduced multiplier 0x6000: what lies beyond 16 bits rounds away.
        assert_eq!(multiply_wide_by_quantized_multiplier(1 << 20, (3 << 29) + (1 << 14), 0), 3 << 18);
        assert_eq!(multiply_wide_by_quantized_multiplier(-3, 1 << 30, 0), -1);
        assert_eq!(multiply_wide_by_quantized_multiplier(1 << 15, i32::MAX, 0), 0x7fff);
        let random = &mut Random::new(7);
        for _ in 0..100_000 {
            let shift = random.within(-31, 14) as i32;
            let x =
                ((i64::from(random.bits()) << 32 | i64::from(random.bits())) >> 17) >> (random.bits() % 47);
            let multiplier = random.int32().max(0);
            let expected = scale_wide(x, multiplier, shift);
            if i32::try_from(expected).is_ok() {
                let result = multiply_wide_by_quantized_multiplier(x, multiplier, shift);
                assert_eq!(i128::from(result), expected, "{x} * {multiplier} << {shift}");
            }
        }
    }

    #[test]
    fn bounds_are_checked_and_hold() {
        assert!(Output::new(-32769, 0, false).is_err());
        assert!(Output::new(1, 0, false).is_err());
        assert!(Output::new(0, 32768, true).is_err());
        let output = Output::new(-5, 1000, false).unwrap();
        assert_eq!([-6, 3, 1001].map(|value| output.clamp(value)), [-5, 3, 1000]);
        // 5 * 0.5 * 0.5: narrow sums are rounded twice.
        assert_eq!(output.requantize(5, 1 << 30, -1), 1);
        assert_eq!(Output { narrow: true, ..output }.requantize(5, 1 << 30, -1), 2);
    }
}
