//! Sine and cosine that give the same bits on every machine.
//!
//! `f64::sin` calls the platform's mathematical library, whose last bits differ between systems, and a data set that
//! is a function of its seed must not. Additions and multiplications are exact by IEEE 754, so a polynomial is enough.

use std::f64::consts::{FRAC_PI_2, PI};

/// `(sin x, cos x)` to about 1e-11 for arguments of a few thousand radians at most.
pub(crate) fn sin_cos(x: f64) -> (f64, f64) {
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
pub(crate) const TURN: f64 = 2.0 * PI;

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
}
