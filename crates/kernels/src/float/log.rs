//! The natural logarithm.

/// The logarithm of `x`, less than a unit in the last place from the exact value: minus infinity of 0, NaN below it.
///
/// `x = 2^k (1 + f)` with `1 + f` in `[sqrt(1/2), sqrt(2))`; with `s = f / (2 + f)`, `log(1 + f) = 2 artanh(s)`, whose
/// series starts at `2 s`. Written as `f - (f²/2 - s (f²/2 + R))`, the leading term is exact.
#[inline(never)]
pub fn log(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_145_75; // Its 9 trailing zero bits make the product with k exact.
    const LN_2_LOW: f32 = 1.428_606_8e-6;
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    if x.is_nan() || x == f32::INFINITY {
        return x;
    }
    if x <= 0.0 {
        return if x == 0.0 { f32::NEG_INFINITY } else { f32::NAN };
    }
    let (x, offset) = if x < f32::MIN_POSITIVE { (x * 33_554_432.0, 25) } else { (x, 0) };
    // Moves the boundary between two exponents from 1 to sqrt(1/2).
    let moved = x.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let k = ((moved as i32) >> 23) - offset;
    let f = f32::from_bits((moved & 0x007f_ffff) + SQRT_HALF_BITS) - 1.0;
    let k = k as f32;
    let s = f / (2.0 + f);
    let z = s * s;
    let mut series = 2.0 / 11.0;
    for coefficient in [2.0 / 9.0, 2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0] {
        series = series * z + coefficient;
    }
    let half_square = 0.5 * f * f;
    k * LN_2_HIGH - ((half_square - (s * (half_square + series * z) + k * LN_2_LOW)) - f)
}

#[cfg(test)]
mod tests {
    use super::super::tests::worst;
    use super::*;

    #[test]
    fn the_logarithm_is_within_a_unit() {
        let worst =
            worst(f32::from_bits(1), f32::MAX, 997, log, f64::ln).max(worst(0.9, 1.1, 7, log, f64::ln));
        assert!(worst < 1.0, "{worst} units in the last place");
    }

    #[test]
    fn the_logarithm_has_the_right_limits() {
        assert_eq!([log(1.0), log(0.0), log(f32::INFINITY)], [0.0, f32::NEG_INFINITY, f32::INFINITY]);
        assert!([-1.0, f32::NAN, f32::NEG_INFINITY].iter().all(|&x| log(x).is_nan()));
    }
}
