//! The exponential.
//!
//! `x = k ln 2 + r` with `|r| <= ln 2 / 2` (Cody and Waite, *Software Manual for the Elementary Functions*, 1980), then
//! the Taylor polynomial of degree 7 in `r` and an exact scaling by `2^k`.

use super::round;

/// ln(f32::MAX), rounded up.
const LARGEST: f32 = 88.722_84;

/// e to the power of `x`, less than 2 units in the last place from the exact value, subnormal results included.
#[inline(never)]
pub fn exp(x: f32) -> f32 {
    const SMALLEST: f32 = -103.972_08; // ln(2^-150): below it the nearest float is 0.
    if x.is_nan() {
        return x;
    }
    if x > LARGEST {
        return f32::INFINITY;
    }
    if x < SMALLEST {
        return 0.0;
    }
    let (k, small) = reduce(x);
    let half = k / 2;
    (1.0 + small) * power_of_two(half) * power_of_two(k - half)
}

/// `e^x - 1`, less than 2 units in the last place from the exact value, also where it is close to 0.
#[inline(never)]
pub fn expm1(x: f32) -> f32 {
    const ALL_LOST: f32 = -17.5; // Below it the nearest float is -1.
    if x.is_nan() {
        return x;
    }
    if x < ALL_LOST {
        return -1.0;
    }
    // From 2^30 on the 1 makes no difference.
    if x > 21.0 {
        return exp(x);
    }
    let (k, small) = reduce(x);
    if k == 0 {
        return small;
    }
    let power = power_of_two(k);
    power * small + (power - 1.0)
}

/// `k` and `e^r - 1` of `x = k ln 2 + r`, for `x` in the range whose exponential is a float.
#[inline(always)]
fn reduce(x: f32) -> (i32, f32) {
    // ln 2 in two parts; the first has 9 trailing zero bits, so that its product with k is exact.
    const LN_2_HIGH: f32 = 0.693_145_75;
    const LN_2_LOW: f32 = 1.428_606_8e-6;
    let k = round(x * core::f32::consts::LOG2_E);
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let mut tail = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5] {
        tail = tail * r + coefficient;
    }
    // The smaller terms first: the sum with 1 then rounds once at full size.
    (k as i32, r + r * r * tail)
}

/// `2^exponent` for an exponent in `-126..=127`.
#[inline(always)]
fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits(((exponent + 127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ulps, worst};
    use super::*;

    #[test]
    fn the_exponential_is_within_two_units() {
        let mut worst: f64 = 0.0;
        // Every 499th float from -0 to -104 and from 0 to 88.7.
        for bits in (0..104.0_f32.to_bits()).step_by(499) {
            for x in [f32::from_bits(bits), -f32::from_bits(bits)] {
                if x < 88.72 {
                    worst = worst.max(ulps(exp(x), f64::from(x).exp()));
                }
            }
        }
        assert!(worst < 2.0, "{worst} units in the last place");
    }

    #[test]
    fn the_exponential_has_the_right_limits() {
        assert_eq!((exp(0.0), exp(-0.0)), (1.0, 1.0));
        assert_eq!((exp(f32::NEG_INFINITY), exp(-104.0)), (0.0, 0.0));
        assert_eq!((exp(f32::INFINITY), exp(88.8)), (f32::INFINITY, f32::INFINITY));
        assert_eq!(exp(-103.9), f32::from_bits(1));
        assert!(exp(88.72).is_finite());
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn the_exponential_minus_one_is_within_two_units() {
        let exact = |x: f64| x.exp_m1();
        for (low, high) in [(1.0e-30, 88.72), (-1.0e-30, -40.0)] {
            let worst = worst(low, high, 499, expm1, exact);
            assert!(worst < 2.0, "{worst} units in the last place");
        }
        assert_eq!([expm1(0.0), expm1(f32::NEG_INFINITY), expm1(f32::INFINITY)], [0.0, -1.0, f32::INFINITY]);
        assert!(expm1(f32::NAN).is_nan());
    }
}
