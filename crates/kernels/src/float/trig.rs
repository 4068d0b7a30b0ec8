//! Sine and cosine of angles in radians, of any size.
//!
//! The angle is counted in quarter turns by a product with 2 / pi in integers (Payne and Hanek, *Radian reduction for
//! trigonometric functions*, 1983): whole turns fall out of the 64-bit product, and nothing is lost.

use core::f32::consts::{FRAC_PI_2, FRAC_PI_4};

/// The sine of `x`, less than 3 units in the last place from the exact value; NaN of infinity.
#[inline(never)]
pub fn sin(x: f32) -> f32 {
    if !x.is_finite() {
        return f32::NAN;
    }
    let (quarter, r) = reduce(x.abs());
    quarter_sine(quarter, r) * 1.0_f32.copysign(x)
}

/// The cosine of `x`, less than 3 units in the last place from the exact value; NaN of infinity.
#[inline(never)]
pub fn cos(x: f32) -> f32 {
    if !x.is_finite() {
        return f32::NAN;
    }
    let (quarter, r) = reduce(x.abs());
    quarter_sine(quarter + 1, r)
}

/// The sine of `r` plus that many quarter turns.
fn quarter_sine(quarter: u32, r: f32) -> f32 {
    let value = if quarter & 1 == 0 { sine(r) } else { cosine(r) };
    if quarter & 2 == 0 { value } else { -value }
}

/// Quarter turns, up to whole turns, and the rest in `[-pi/4, pi/4]` of a finite angle that is not negative.
fn reduce(x: f32) -> (u32, f32) {
    /// 2 / pi in binary, after 32 zeros.
    const TWO_OVER_PI: [u32; 8] =
        [0, 0xa2f9_836e, 0x4e44_1529, 0xfc27_57d1, 0xf534_ddc0, 0xdb62_9599, 0x3c43_9041, 0xfe51_63ab];
    if x <= FRAC_PI_4 {
        return (0, x);
    }
    let bits = x.to_bits();
    let m = u64::from((bits & 0x007f_ffff) | 0x0080_0000);
    // x = m 2^e. Bits of 2 / pi above 2^(1 - e) only give whole turns, so that the window begins there.
    let e = (bits >> 23) as i32 - 150;
    let start = (e + 30).max(0) as usize;
    let word = |at: usize| TWO_OVER_PI.get(start / 32 + at).copied().unwrap_or(0);
    let shift = (start % 32) as u32;
    let window = |at: usize| {
        let pair = u64::from(word(at)) << 32 | u64::from(word(at + 1));
        pair << shift >> 32
    };
    // The product in quarter turns with 2 integer and 62 fractional bits.
    let product = ((m * window(0)) << 32).wrapping_add(m * window(1)).wrapping_add((m * window(2)) >> 32);
    let quarter = (product >> 62) as u32 + (product >> 61 & 1) as u32;
    // What is left, from -1/2 to 1/2 of a quarter turn, with 64 fractional bits.
    let rest = (product << 2) as i64;
    const UNIT: f32 = FRAC_PI_2 / 18_446_744_073_709_551_616.0;
    (quarter, rest as f32 * UNIT)
}

/// The Taylor polynomial of degree 9, for `|r| <= pi/4`.
fn sine(r: f32) -> f32 {
    let z = r * r;
    let mut tail = 1.0 / 362_880.0;
    for coefficient in [-1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0] {
        tail = tail * z + coefficient;
    }
    r + r * z * tail
}

/// The Taylor polynomial of degree 10, for `|r| <= pi/4`.
fn cosine(r: f32) -> f32 {
    let z = r * r;
    let mut tail = -1.0 / 3_628_800.0;
    for coefficient in [1.0 / 40_320.0, -1.0 / 720.0, 1.0 / 24.0] {
        tail = tail * z + coefficient;
    }
    let half = 0.5 * z;
    let near = 1.0 - half;
    // What `near` lost comes back with the smaller terms.
    near + (((1.0 - near) - half) + z * z * tail)
}

#[cfg(test)]
mod tests {
    use super::super::tests::worst;
    use super::*;

    #[test]
    fn sine_and_cosine_are_within_three_units() {
        for sign in [1.0, -1.0] {
            for (low, high, step) in [(1.0e-30, 10.0, 499), (10.0, 1.0e6, 97), (1.0e6, f32::MAX, 997)] {
                let sine = worst(sign * low, sign * high, step, sin, f64::sin);
                let cosine = worst(sign * low, sign * high, step, cos, f64::cos);
                assert!(sine < 3.0 && cosine < 3.0, "{sine} and {cosine} units in the last place to {high}");
            }
        }
    }

    #[test]
    fn special_angles_have_the_right_values() {
        assert_eq!([sin(0.0), cos(0.0), sin(-0.0)], [0.0, 1.0, 0.0]);
        assert!([f32::INFINITY, f32::NAN].iter().all(|&x| sin(x).is_nan() && cos(x).is_nan()));
    }
}
