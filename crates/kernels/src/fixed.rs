//! Fixed-point arithmetic of the `tflm` dialect: gemmlowp's double rounding, exponential and reciprocal.
//!
//! Definitions: gemmlowp `fixedpoint.h`; TensorFlow Lite Micro `MultiplyByQuantizedMultiplier` without
//! `TFLITE_SINGLE_ROUNDING`. `Qm.n` has `m` integer and `n` fractional bits beside the sign.

use crate::InvalidSpec;
use crate::error::{activation, attempt, zero_point};

/// `a * b / 2^31`, rounded to nearest with halves towards plus infinity; `i32::MIN * i32::MIN` saturates.
#[inline(always)]
pub(crate) const fn saturating_rounding_doubling_high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN { i32::MAX } else { rounding_doubling_high_mul(a, b) }
}

/// [`saturating_rounding_doubling_high_mul`] of operands that are not both `i32::MIN`.
#[inline(always)]
const fn rounding_doubling_high_mul(a: i32, b: i32) -> i32 {
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

/// `exp(x)` of `x <= 0` in Q5.26, as Q0.31. `exp(0)` is the largest Q0.31, a unit below 1.
pub(crate) const fn exp_on_negative_values(x: i32) -> i32 {
    const ONE_QUARTER: i32 = 1 << 24;
    if x == 0 {
        return i32::MAX;
    }
    let fraction = (x & (ONE_QUARTER - 1)) - ONE_QUARTER;
    let remainder = fraction.wrapping_sub(x);
    let mut result = exp_between_negative_quarter_and_zero(fraction << 5);
    // exp(-2^k) for k = -2..=4 in Q0.31, for the bits of the remainder from 1/4 to 16.
    let factors = [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242];
    let mut bit = 0;
    while bit < factors.len() {
        if remainder & (ONE_QUARTER << bit) != 0 {
            result = rounding_doubling_high_mul(result, factors[bit]);
        }
        bit += 1;
    }
    result
}

/// `exp(x)` of `x` in `[-1/4, 0)`, Q0.31: the Taylor series around -1/8 to the fourth power.
const fn exp_between_negative_quarter_and_zero(x: i32) -> i32 {
    const EXP_OF_MINUS_EIGHTH: i32 = 1_895_147_668;
    const THIRD: i32 = 715_827_883;
    let x = x + (1 << 28);
    let x2 = rounding_doubling_high_mul(x, x);
    let x3 = rounding_doubling_high_mul(x2, x);
    let x4 = rounding_doubling_high_mul(x2, x2);
    let x4_over_4 = rounding_divide_by_pot(x4, 2);
    let tail = rounding_divide_by_pot(rounding_doubling_high_mul(x4_over_4 + x3, THIRD) + x2, 1);
    EXP_OF_MINUS_EIGHTH + rounding_doubling_high_mul(EXP_OF_MINUS_EIGHTH, x + tail)
}

/// `1 / x` of a positive `x` with `integer_bits` integer bits: the reciprocal of `x / 2^n` in `[1, 2)` as Q0.31, and `n`.
pub(crate) const fn reciprocal(x: i32, integer_bits: i32) -> (i32, i32) {
    let headroom = (x as u32).leading_zeros();
    let fraction = (x as u32).wrapping_shl(headroom).wrapping_sub(1 << 31) as i32;
    (one_over_one_plus(fraction), integer_bits - headroom as i32)
}

/// `1 / (1 + x)` of `x` in `[0, 1)`, Q0.31: three steps of Newton's method.
const fn one_over_one_plus(x: i32) -> i32 {
    const ONE: i32 = 1 << 29; // Q2.29
    const START: i32 = 1_515_870_810; // 48/17 in Q2.29
    const SLOPE: i32 = -1_010_580_540; // -32/17 in Q2.29
    // (x + 1) / 2, where 1 is the largest Q0.31 and the sum is not negative.
    let half_denominator = ((x as i64 + i32::MAX as i64 + 1) / 2) as i32;
    let mut estimate = START + rounding_doubling_high_mul(half_denominator, SLOPE);
    let mut step = 0;
    while step < 3 {
        let error = ONE - rounding_doubling_high_mul(half_denominator, estimate);
        estimate += saturating_shl(rounding_doubling_high_mul(estimate, error), 2);
        step += 1;
    }
    saturating_shl(estimate, 1)
}

/// `x * 2^exponent`, saturated.
const fn saturating_shl(x: i32, exponent: u32) -> i32 {
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

    #[test]
    fn the_exponential_is_close_to_the_real_one() {
        assert_eq!(exp_on_negative_values(0), i32::MAX);
        let random = &mut Random::new(4);
        for at in 0..100_000 {
            let x = numbers(random, at).min(-1);
            let exact = (f64::from(x) / f64::from(1 << 26)).exp();
            let result = f64::from(exp_on_negative_values(x)) / f64::from(1_u32 << 31);
            assert!((result - exact).abs() < 2.0e-6, "exp({x} / 2^26) is {exact}, not {result}");
        }
    }

    #[test]
    fn the_reciprocal_is_close_to_the_real_one() {
        let random = &mut Random::new(5);
        for at in 0..100_000 {
            let x = numbers(random, at).max(1);
            let (result, bits_over_unit) = reciprocal(x, 12);
            let real = f64::from(x) / f64::from(1 << 19);
            let result = f64::from(result) / f64::from(1_u32 << 31) * 2.0_f64.powi(-bits_over_unit);
            assert!((result * real - 1.0).abs() < 1.0e-7, "1 / {real} is not {result}");
        }
    }
}
