//! Sine, cosine, logarithm and exponential that give the same bits on every machine.
//!
//! `f64::sin` calls the platform's mathematical library, whose last bits differ between systems; a data set that is a
//! function of its seed and a table in a firmware must not. Additions and multiplications are exact by IEEE 754, so a
//! polynomial is enough.

use core::f64::consts::{FRAC_PI_2, LN_2, PI, SQRT_2};

/// `(sin x, cos x)` to about 1e-11 for arguments of a few thousand radians at most.
pub fn sin_cos(x: f64) -> (f64, f64) {
    let quarter = (x / FRAC_PI_2).round();
    let rest = x - quarter * FRAC_PI_2;
    let (sin, cos) = (sin_series(rest), cos_series(rest));
    match (quarter as i64).rem_euclid(4) {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// A full turn.
pub const TURN: f64 = 2.0 * PI;

/// Taylor series of the sine, for at most an eighth of a turn.
fn sin_series(x: f64) -> f64 {
    let s = x * x;
    let inner = 1.0 - s / 110.0 * (1.0 - s / 156.0);
    x * (1.0 - s / 6.0 * (1.0 - s / 20.0 * (1.0 - s / 42.0 * (1.0 - s / 72.0 * inner))))
}

/// Taylor series of the cosine, for at most an eighth of a turn.
fn cos_series(x: f64) -> f64 {
    let s = x * x;
    let inner = 1.0 - s / 90.0 * (1.0 - s / 132.0 * (1.0 - s / 182.0));
    1.0 - s / 2.0 * (1.0 - s / 12.0 * (1.0 - s / 30.0 * (1.0 - s / 56.0 * inner)))
}

/// The natural logarithm of a positive, normal `x`, to about 1e-15 of it: with x = 2ᵏ m and m in [√½, √2),
/// ln x = k ln 2 + 2 artanh((m − 1) / (m + 1)).
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as i32 - 1023;
    let mut m = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    if m > SQRT_2 {
        (m, exponent) = (m / 2.0, exponent + 1);
    }
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let series = (0..13).rev().fold(0.0, |sum, k| sum * square + 1.0 / f64::from(2 * k + 1));
    f64::from(exponent) * LN_2 + 2.0 * s * series
}

/// eˣ for |x| up to 700, to about 1e-14 of it: with x = k ln 2 + r, eˣ = 2ᵏ eʳ.
pub fn exp(x: f64) -> f64 {
    let k = (x / LN_2).round();
    let rest = x - k * LN_2;
    let series = (1..18).rev().fold(1.0, |sum, n| 1.0 + sum * rest / f64::from(n));
    f64::from_bits(((k as i64 + 1023) as u64) << 52) * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_platform() {
        for step in -4000..4000 {
            let x = f64::from(step) * 0.0173;
            let (sin, cos) = sin_cos(x);
            assert!((sin - x.sin()).abs() < 1e-11 && (cos - x.cos()).abs() < 1e-11, "{x}");
        }
    }

    #[test]
    fn quarter_turns_are_exact() {
        assert_eq!(sin_cos(0.0), (0.0, 1.0));
        assert_eq!(sin_cos(FRAC_PI_2), (1.0, 0.0));
    }

    #[test]
    fn logarithm_and_exponential_agree_with_the_platform() {
        for step in 1..4000 {
            let x = f64::from(step) * 0.37;
            assert!((ln(x) - x.ln()).abs() < 1e-14 * x.ln().abs().max(1.0), "{x}");
            let x = f64::from(step - 2000) * 0.1;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "{x}");
        }
    }
}
