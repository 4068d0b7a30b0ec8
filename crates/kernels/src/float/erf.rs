//! The complementary error function.

use super::{exp, leading};

/// `1 - erf(x)`, to 6e-7 of the exact value.
///
/// Up to 1 from a polynomial for `erf(x) / x` in `x²`, beyond it from one for `erfc(x) e^(x²)` in `t = 1 / (x + 3/2)`;
/// both interpolate at Chebyshev nodes, over `[0, 1]` and `[1, 10.2]`.
#[inline(never)]
pub fn erfc(x: f32) -> f32 {
    const ERF: [f32; 7] = [
        7.875_875e-5,
        -0.000_801_686_43,
        0.005_189_087,
        -0.026_854_211,
        0.112_835_94,
        -0.376_126_26,
        core::f32::consts::FRAC_2_SQRT_PI,
    ];
    const SCALED_ERFC: [f32; 8] =
        [-5.112_645, 11.409_122, -8.557_337, 1.217_554, 0.352_780_5, 1.014_526_5, 0.844_844_04, 0.564_221_7];
    const ZERO: f32 = 10.06; // From here on the nearest float is 0.
    if x.is_nan() {
        return x;
    }
    let magnitude = x.abs();
    if magnitude < 1.0 {
        return 1.0 - x * polynomial(&ERF, x * x);
    }
    let upper = if magnitude > ZERO {
        0.0
    } else {
        let t = 1.0 / (magnitude + 1.5);
        // x² = high² + (x - high) (x + high), whose first term is exact.
        let high = leading(magnitude, 12);
        let square = exp(-(magnitude - high) * (magnitude + high)) * exp(-high * high);
        square * (t * polynomial(&SCALED_ERFC, t))
    };
    if x < 0.0 { 2.0 - upper } else { upper }
}

/// Coefficients from the highest power down.
#[inline(always)]
fn polynomial<const N: usize>(coefficients: &[f32; N], x: f32) -> f32 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the function to 12 digits (Abramowitz and Stegun, table 7.1, and the first terms of its expansions).
    const VALUES: [(f32, f64); 9] = [
        (0.0, 1.0),
        (0.25, 0.723_673_609_832),
        (0.5, 0.479_500_122_187),
        (0.75, 0.288_844_366_346),
        (1.0, 0.157_299_207_050),
        (1.5, 0.033_894_853_525),
        (2.0, 0.004_677_734_981),
        (4.0, 1.541_725_790_03e-8),
        (8.0, 1.122_429_717_30e-29),
    ];

    #[test]
    fn values_agree_with_the_table() {
        for (x, exact) in VALUES {
            assert!((f64::from(erfc(x)) / exact - 1.0).abs() < 6.0e-7, "{x}: {}", erfc(x));
            assert!((f64::from(erfc(-x)) / (2.0 - exact) - 1.0).abs() < 1.5e-7, "{x}: {}", erfc(-x));
        }
        assert_eq!([erfc(f32::INFINITY), erfc(f32::NEG_INFINITY)], [0.0, 2.0]);
        assert!(erfc(f32::NAN).is_nan());
    }

    #[test]
    fn the_pieces_meet_and_fall() {
        let below = erfc(1.0_f32.next_down());
        assert!((below / erfc(1.0) - 1.0).abs() < 1.0e-6, "{below}");
        for step in 0..1800 {
            let x = step as f32 * 0.005;
            assert!(erfc(x + 0.005) < erfc(x), "{x}");
        }
    }
}
