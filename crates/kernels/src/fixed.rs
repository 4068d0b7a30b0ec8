//! Fixed-point arithmetic of the `tflm` dialect: gemmlowp's double rounding.
//!
//! Definitions: gemmlowp `fixedpoint.h`; TensorFlow Lite Micro `MultiplyByQuantizedMultiplier` without
//! `TFLITE_SINGLE_ROUNDING`.

use crate::InvalidSpec;
use crate::error::{activation, attempt, zero_point};

/// `a * b / 2^31`, rounded to nearest with halves towards plus infinity; `i32::MIN * i32::MIN` saturates.
#[inline(always)]
pub(crate) const fn saturating_rounding_doubling_high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN { i32::MAX } else { rounding_doubling_high_mul(a, b) }
}

/// [`saturating_rounding_doubling_high_mul`] of operands that are not both `i32::MIN`.
#[inline(always)]
pub(crate) const fn rounding_doubling_high_mul(a: i32, b: i32) -> i32 {
    // gemmlowp nudges by the sign and truncates towards zero, which is the same as one nudge and the floor.
    ((a as i64 * b as i64 + (1 << 30)) >> 31) as i32
}

/// `x / 2^exponent`, rounded to nearest with halves away from zero. Only the low five bits of the exponent count.
#[inline(always)]
pub(crate) const fn rounding_divide_by_pot(x: i32, exponent: u32) -> i32 {
    let mask = !(u32::MAX.wrapping_shl(exponent));
    let remainder = x as u32 & mask;
    let threshold = (mask >> 1) + (x < 0) as u32;
    x.wrapping_shr(exponent) + (remainder > threshold) as i32
}

/// `x * multiplier / 2^31 * 2^shift`, rounded twice. The multiplier is not negative and the shift in `-31..=30`.
#[inline(always)]
pub(crate) const fn multiply_by_quantized_multiplier(x: i32, multiplier: i32, shift: i32) -> i32 {
    let (left, right) = if shift > 0 { (shift as u32, 0) } else { (0, shift.wrapping_neg() as u32) };
    rounding_divide_by_pot(rounding_doubling_high_mul(x.wrapping_shl(left), multiplier), right)
}

/// An accumulator of an int8 kernel scaled to its output: multiplied, moved by the zero point, clamped.
#[inline(always)]
pub(crate) const fn requantize(x: i32, multiplier: i32, shift: i32, output: Output) -> i8 {
    output.clamp(multiply_by_quantized_multiplier(x, multiplier, shift))
}

/// Where quantised results go: zero point and activation bounds of an int8 output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Output {
    /// The quantised value of 0.
    pub(crate) zero_point: i32,
    /// Lower bound of the activation.
    pub(crate) act_min: i32,
    /// Upper bound of the activation.
    pub(crate) act_max: i32,
}

impl Output {
    /// Checks zero point and bounds.
    pub(crate) const fn new(zero: i32, act_min: i32, act_max: i32) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(zero));
        attempt!(activation(act_min, act_max));
        Ok(Self { zero_point: zero, act_min, act_max })
    }

    /// The int8 value of a result that is relative to the zero point.
    #[inline(always)]
    pub(crate) const fn clamp(self, value: i32) -> i8 {
        clamp(value.wrapping_add(self.zero_point), self.act_min, self.act_max)
    }
}

/// A value between bounds that are in int8 range.
#[inline(always)]
pub(crate) const fn clamp(value: i32, min: i32, max: i32) -> i8 {
    let value = if value < min { min } else { value };
    (if value > max { max } else { value }) as i8
}

/// `x * 2^exponent`, saturated.
pub(crate) const fn saturating_shl(x: i32, exponent: u32) -> i32 {
    let shifted = (x as i64) << exponent;
    if shifted > i32::MAX as i64 {
        i32::MAX
    } else if shifted < i32::MIN as i64 {
        i32::MIN
    } else {
        shifted as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::naive::{Random, divide_away, scale};

    const EDGES: [i32; 11] =
        [i32::MIN, i32::MIN + 1, -(1 << 30), -3, -1, 0, 1, 2, (1 << 30) - 1, i32::MAX - 1, i32::MAX];

    /// Edges, and random numbers of every magnitude.
    fn numbers(random: &mut Random, at: usize) -> i32 {
        EDGES.get(at % 40).copied().unwrap_or_else(|| random.int32())
    }

    #[test]
    fn high_multiplication_is_gemmlowps() {
        let random = &mut Random::new(1);
        for at in 0..100_000 {
            let (a, b) = (numbers(random, at), numbers(random, at / 40));
            // gemmlowp: a nudge that depends on the sign, then division that truncates.
            let product = i128::from(a) * i128::from(b);
            let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
            let expected = ((product + nudge) / (1 << 31)).min(i32::MAX.into());
            assert_eq!(i128::from(saturating_rounding_doubling_high_mul(a, b)), expected, "{a} * {b}");
        }
    }

    #[test]
    fn division_rounds_halves_away_from_zero() {
        let random = &mut Random::new(2);
        for at in 0..100_000 {
            let (x, exponent) = (numbers(random, at), random.bits() % 32);
            let expected = divide_away(x.into(), exponent);
            assert_eq!(i128::from(rounding_divide_by_pot(x, exponent)), expected, "{x} / 2^{exponent}");
        }
    }

    #[test]
    fn quantised_multiplication_rounds_twice() {
        // 5 * 0.5 rounds to 3 and 3 / 2 to 2; one rounding of 5 / 4 would give 1.
        assert_eq!(multiply_by_quantized_multiplier(5, 1 << 30, -1), 2);
        let random = &mut Random::new(3);
        for at in 0..100_000 {
            let shift = random.within(-31, 30) as i32;
            // What a left shift would push out of 32 bits has no defined result in the source.
            let x = numbers(random, at) >> shift.max(0);
            let multiplier = numbers(random, at / 40).max(0);
            let expected = scale(x.into(), multiplier, shift);
            let result = multiply_by_quantized_multiplier(x, multiplier, shift);
            assert_eq!(i128::from(result), expected, "{x} * {multiplier} << {shift}");
        }
    }
}
