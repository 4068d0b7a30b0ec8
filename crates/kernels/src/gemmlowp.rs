//! Functions in the fixed point of the `tflm` dialect: exponential, reciprocal, logistic, tanh, logarithm, root.
//!
//! Definitions: gemmlowp `fixedpoint.h` and TensorFlow Lite Micro `internal/common.h`. `Qm.n` has `m` integer and `n`
//! fractional bits beside the sign.

use crate::fixed::{rounding_divide_by_pot, rounding_doubling_high_mul, saturating_shl};

/// `exp(x)` of `x <= 0` in Q5.26, as Q0.31. `exp(0)` is the largest Q0.31, a unit below 1.
pub(crate) const fn exp_on_negative_values(x: i32) -> i32 {
    exp_with_integer_bits::<5>(x)
}

/// [`exp_on_negative_values`] of an `x` with 4 or 5 integer bits.
#[inline(always)]
const fn exp_with_integer_bits<const BITS: u32>(x: i32) -> i32 {
    let one_quarter = 1 << (29 - BITS);
    if x == 0 {
        return i32::MAX;
    }
    let fraction = (x & (one_quarter - 1)) - one_quarter;
    let remainder = fraction.wrapping_sub(x);
    let mut result = exp_between_negative_quarter_and_zero(fraction << BITS);
    // exp(-2^k) for k = -2..=4 in Q0.31, for the bits of the remainder from 1/4 to 16.
    let factors = [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242];
    let mut bit = 0;
    while bit < factors.len() && bit < BITS as usize + 2 {
        if remainder & (one_quarter << bit) != 0 {
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

/// `1 / (1 + x)` of `x` in `[0, 1)`, Q0.31.
const fn one_over_one_plus(x: i32) -> i32 {
    saturating_shl(two_over_one_plus(x), 1)
}

/// `2 / (1 + x)` of `x` in `[0, 1)`, Q0.31, as Q2.29: three steps of Newton's method.
const fn two_over_one_plus(x: i32) -> i32 {
    const START: i32 = 1_515_870_810; // 48/17 in Q2.29
    const SLOPE: i32 = -1_010_580_540; // -32/17 in Q2.29
    let half_denominator = half_sum(x, i32::MAX);
    let mut estimate = START + rounding_doubling_high_mul(half_denominator, SLOPE);
    let mut step = 0;
    while step < 3 {
        let error = ONE_Q2 - rounding_doubling_high_mul(half_denominator, estimate);
        estimate += saturating_shl(rounding_doubling_high_mul(estimate, error), 2);
        step += 1;
    }
    estimate
}

/// 1 in Q2.29.
const ONE_Q2: i32 = 1 << 29;

/// Half of a sum, rounded away from zero.
const fn half_sum(a: i32, b: i32) -> i32 {
    let sum = a as i64 + b as i64;
    ((sum + if sum >= 0 { 1 } else { -1 }) / 2) as i32
}

/// `1 / (1 + exp(-x))` of `x` in Q4.27, as Q0.31.
pub(crate) const fn logistic(x: i32) -> i32 {
    if x == 0 {
        return 1 << 30;
    }
    let positive = one_over_one_plus(exp_with_integer_bits::<4>(if x > 0 { x.wrapping_neg() } else { x }));
    if x > 0 { positive } else { i32::MAX - positive }
}

/// The hyperbolic tangent of `x` in Q4.27, as Q0.31.
pub(crate) const fn tanh(x: i32) -> i32 {
    if x == 0 {
        return 0;
    }
    // exp(-2|x|): the same bits in Q5.26 are twice the value. Then (1 - e) / (1 + e) = 2 / (1 + e) - 1.
    let exponential = exp_with_integer_bits::<5>(if x > 0 { x.wrapping_neg() } else { x });
    let magnitude = saturating_shl(two_over_one_plus(exponential).wrapping_sub(ONE_Q2), 2);
    if x > 0 { magnitude } else { magnitude.wrapping_neg() }
}

/// The logarithm of a positive `x` in Q12.19, as Q5.26 (TFLite's `log_x_for_x_greater_than_or_equal_to_1`).
///
/// `x = 2^(n ± 1/4) r` with `r` near `(1/2)^(1/4)`; the logarithm of `r` is a quotient of polynomials.
pub(crate) const fn log(x: i32) -> i32 {
    const LN_2: i32 = 1_488_522_236;
    const FOURTH_ROOT_HALF: i32 = 1_805_811_301;
    const ROOT_HALF: i32 = 1_518_500_250;
    const ALPHA_N: i32 = 117_049_297;
    const ALPHA_D: i32 = 127_690_142;
    const ALPHA_I: i32 = 1_057_819_769;
    const ALPHA_F: i32 = 638_450_708;
    const QUARTER_Q6: i32 = 1 << 23;
    // Both readings of x, by itself and times the root of 1/2, as mantissa and power of two in Q6.25.
    let a_zeros = x.leading_zeros();
    let a_normal = saturating_shl(x, a_zeros.saturating_sub(1));
    let a = saturating_shl(rounding_doubling_high_mul(a_normal, ROOT_HALF), 1);
    let a_power = saturating_shl(12 - a_zeros as i32, 25).saturating_add(QUARTER_Q6);
    let b_headroom = rounding_doubling_high_mul(x, ROOT_HALF).leading_zeros().saturating_sub(1);
    let b = saturating_shl(x, b_headroom);
    let b_power = saturating_shl(12 - b_headroom as i32, 25).saturating_sub(QUARTER_Q6);
    let r = if a < b { a } else { b };
    let power = if a_power > b_power { a_power } else { b_power };

    let p = half_sum(r, FOURTH_ROOT_HALF);
    let q = r.wrapping_sub(FOURTH_ROOT_HALF).wrapping_mul(2);
    let square = rounding_doubling_high_mul(q, q);
    let cube = rounding_doubling_high_mul(rounding_doubling_high_mul(q, square), ALPHA_N);
    let numerator = rounding_doubling_high_mul(q, r).wrapping_add(cube);
    let inner = ALPHA_I.wrapping_add(q).wrapping_add(rounding_doubling_high_mul(ALPHA_D, square));
    let denominator_minus_one =
        rounding_doubling_high_mul(p, inner).wrapping_add(rounding_doubling_high_mul(ALPHA_F, q));
    let quotient = rounding_doubling_high_mul(
        rounding_divide_by_pot(numerator, 6),
        one_over_one_plus(denominator_minus_one),
    );
    saturating_shl(rounding_doubling_high_mul(power, LN_2).wrapping_add(quotient), 1)
}

/// The multiplier and shift of `1 / sqrt(x)` (TFLite's `GetInvSqrtQuantizedMultiplierExp`); those of almost 1 for `x`
/// up to 1.
pub(crate) const fn inverse_square_root(x: i32) -> (i32, i32) {
    const ROOT_HALF: i32 = 1_518_500_250;
    const THREE_HALVES_Q3: i32 = (1 << 28) + (1 << 27);
    if x <= 1 {
        return (i32::MAX, 0);
    }
    let mut x = x;
    let mut right_shift = 11;
    while x >= 1 << 29 {
        x /= 4;
        right_shift += 1;
    }
    // An even shift to the left, so that x is in [2^27, 2^29).
    let pairs = (x.leading_zeros() as i32 - 1) / 2 - 1;
    right_shift -= pairs;
    x <<= 2 * pairs;
    let half = rounding_divide_by_pot(x >> 1, 1);
    let mut root = 1 << 28;
    let mut step = 0;
    while step < 5 {
        let square = rounding_doubling_high_mul(root, root);
        let cube = saturating_shl(rounding_doubling_high_mul(square, root), 6);
        let next = rounding_doubling_high_mul(THREE_HALVES_Q3, root)
            .wrapping_sub(rounding_doubling_high_mul(half, cube));
        root = saturating_shl(next, 3);
        step += 1;
    }
    root = rounding_doubling_high_mul(root, ROOT_HALF);
    if right_shift < 0 { (root << -right_shift, 0) } else { (root, -right_shift) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::naive::Random;

    #[test]
    fn the_exponential_is_close_to_the_real_one() {
        assert_eq!(exp_on_negative_values(0), i32::MAX);
        let random = &mut Random::new(4);
        for _ in 0..100_000 {
            let x = random.int32().min(-1);
            let exact = (f64::from(x) / f64::from(1 << 26)).exp();
            let result = f64::from(exp_on_negative_values(x)) / f64::from(1_u32 << 31);
            assert!((result - exact).abs() < 2.0e-6, "exp({x} / 2^26) is {exact}, not {result}");
        }
    }

    #[test]
    fn the_reciprocal_is_close_to_the_real_one() {
        let random = &mut Random::new(5);
        for _ in 0..100_000 {
            let x = random.int32().max(1);
            let (result, bits_over_unit) = reciprocal(x, 12);
            let real = f64::from(x) / f64::from(1 << 19);
            let result = f64::from(result) / f64::from(1_u32 << 31) * 2.0_f64.powi(-bits_over_unit);
            assert!((result * real - 1.0).abs() < 1.0e-7, "1 / {real} is not {result}");
        }
    }

    #[test]
    fn logistic_and_tangent_are_close_to_the_real_ones() {
        let random = &mut Random::new(6);
        for _ in 0..100_000 {
            let x = random.int32();
            let real = f64::from(x) / f64::from(1 << 27);
            let result = |bits: i32| f64::from(bits) / f64::from(1_u32 << 31);
            let exact = 1.0 / (1.0 + (-real).exp());
            assert!((result(logistic(x)) - exact).abs() < 1.0e-6, "logistic({real})");
            assert!((result(tanh(x)) - real.tanh()).abs() < 2.0e-6, "tanh({real})");
        }
    }

    #[test]
    fn the_logarithm_is_close_to_the_real_one() {
        let random = &mut Random::new(7);
        for _ in 0..100_000 {
            let x = random.int32().max(1 << 19);
            let exact = (f64::from(x) / f64::from(1 << 19)).ln();
            let result = f64::from(log(x)) / f64::from(1 << 26);
            assert!((result - exact).abs() < 1.0e-6, "log({x} / 2^19) is {exact}, not {result}");
        }
    }

    #[test]
    fn the_inverse_root_is_close_to_the_real_one() {
        let random = &mut Random::new(8);
        for _ in 0..100_000 {
            let x = random.int32().max(1);
            let (multiplier, shift) = inverse_square_root(x);
            let result = f64::from(multiplier) / f64::from(1_u32 << 31) * 2.0_f64.powi(shift);
            assert!((result * f64::from(x).sqrt() - 1.0).abs() < 2.0e-4, "1 / sqrt({x}) is not {result}");
        }
    }
}
