//! Powers of floats that are the same on host and device: double arithmetic in order, no library.

use core::f64::consts::{LN_2, SQRT_2};

/// `x^y` as IEEE 754 defines `pow`, less than a unit in the last place from the exact value.
///
/// `2^(y log2 x)` in double precision: the logarithm from the series of the area tangent, the power from that of the
/// exponential, each to below 2^-50 of its value.
#[inline(never)]
pub(crate) fn pow(x: f32, y: f32) -> f32 {
    if y == 0.0 || x == 1.0 {
        return 1.0;
    }
    if x.is_nan() || y.is_nan() {
        return f32::NAN;
    }
    let whole = is_whole(y);
    if x < 0.0 && x.is_finite() && y.is_finite() && !whole {
        return f32::NAN;
    }
    let negative = x.is_sign_negative() && whole && is_odd(y);
    let magnitude = pow_of_magnitude(f64::from(x.abs()), f64::from(y));
    if negative { -magnitude } else { magnitude }
}

fn pow_of_magnitude(x: f64, y: f64) -> f32 {
    if x == 1.0 {
        return 1.0;
    }
    let grows = (x > 1.0) == (y > 0.0);
    if x == 0.0 || x.is_infinite() || y.is_infinite() {
        return if grows { f32::INFINITY } else { 0.0 };
    }
    exp2(y * log2(x))
}

/// Whether a float has no fraction; infinities have none.
fn is_whole(y: f32) -> bool {
    const NO_FRACTION: f32 = 8_388_608.0; // 2^23: from here on every float is an integer.
    y.abs() >= NO_FRACTION || (y as i32) as f32 == y
}

/// Whether a whole float is odd; from 2^24 on all are even.
fn is_odd(y: f32) -> bool {
    y.abs() < 16_777_216.0 && (y as i32) & 1 != 0
}

/// The binary logarithm of a positive finite number that a float can hold.
fn log2(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i32 - 1023;
    let fraction = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | (1023 << 52));
    let (fraction, exponent) =
        if fraction > SQRT_2 { (fraction * 0.5, exponent + 1) } else { (fraction, exponent) };
    // ln f = 2 artanh s with |s| at most 0.172: s + s^3 / 3 + … + s^21 / 21.
    let s = (fraction - 1.0) / (fraction + 1.0);
    let square = s * s;
    let mut sum = 0.0;
    for odd in [21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        sum = (sum + 1.0 / odd) * square;
    }
    f64::from(exponent) + 2.0 * (s + s * sum) / LN_2
}

/// `2^x` rounded to float.
fn exp2(x: f64) -> f32 {
    if x >= 128.0 {
        return f32::INFINITY;
    }
    if x < -150.0 {
        return 0.0;
    }
    let whole = (x + if x < 0.0 { -0.5 } else { 0.5 }) as i32;
    let rest = (x - f64::from(whole)) * LN_2;
    let mut sum = 1.0;
    for n in (1..=14).rev() {
        sum = 1.0 + sum * rest / f64::from(n);
    }
    (sum * f64::from_bits(((whole + 1023) as u64) << 52)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::naive::Random;

    /// Compares with the standard library's double power, rounded to float.
    fn check(x: f32, y: f32) {
        let (result, expected) = (pow(x, y), f64::from(x).powf(f64::from(y)) as f32);
        let near = result == expected || result == expected.next_up() || result == expected.next_down();
        assert!(near || result.is_nan() && expected.is_nan(), "{x} ^ {y} is {expected}, not {result}");
        assert!(result.is_nan() || result.is_sign_negative() == expected.is_sign_negative(), "{x} ^ {y}");
    }

    #[test]
    fn powers_are_those_of_double_precision() {
        let random = &mut Random::new(3);
        for _ in 0..100_000 {
            let (x, y) = (f32::from_bits(random.bits()), f32::from_bits(random.bits()));
            check(x, y);
            check(x, (random.bits() % 17) as f32 - 8.0);
            check((random.bits() % 10_000) as f32 * 0.001, (random.bits() % 20_000) as f32 * 0.001 - 10.0);
        }
    }

    #[test]
    fn special_operands_follow_the_standard() {
        const INF: f32 = f32::INFINITY;
        let specials =
            [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1.0e-45, f32::MAX, INF, -INF, f32::NAN];
        for x in specials {
            for y in specials {
                check(x, y);
            }
        }
    }
}
