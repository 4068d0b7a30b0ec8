//! Float arithmetic that is the same on host and device: no library, no fused multiply-add.

/// `x` between bounds, NaN left as it is (TFLite's `ActivationFunctionWithMinMax`).
#[inline(always)]
pub(crate) fn clamp(x: f32, min: f32, max: f32) -> f32 {
    let x = if x < min { min } else { x };
    if max < x { max } else { x }
}

/// The nearest integer, halves away from zero.
#[inline]
pub(crate) fn round(x: f32) -> f32 {
    const NO_FRACTION: f32 = 8_388_608.0; // 2^23: from here on every float is an integer.
    if !(-NO_FRACTION < x && x < NO_FRACTION) {
        return x;
    }
    let whole = x as i32;
    let rest = x - whole as f32;
    let away = (rest >= 0.5) as i32 - (rest <= -0.5) as i32;
    ((whole + away) as f32).copysign(x)
}

/// The largest integer that is not above `x`.
#[inline]
pub(crate) fn floor(x: f32) -> f32 {
    const NO_FRACTION: f32 = 8_388_608.0; // 2^23: from here on every float is an integer.
    if !(-NO_FRACTION < x && x < NO_FRACTION) {
        return x;
    }
    let whole = (x as i32) as f32;
    (if whole > x { whole - 1.0 } else { whole }).copysign(x)
}

/// e to the power of `x`, less than 2 units in the last place from the exact value, subnormal results included.
///
/// `x = k ln 2 + r` with `|r| <= ln 2 / 2` (Cody and Waite, *Software Manual for the Elementary Functions*, 1980), then
/// the Taylor polynomial of degree 7 in `r` and an exact scaling by `2^k`.
#[inline(never)]
pub(crate) fn exp(x: f32) -> f32 {
    const LARGEST: f32 = 88.722_84; // ln(f32::MAX), rounded up.
    const SMALLEST: f32 = -103.972_08; // ln(2^-150): below it the nearest float is 0.
    // ln 2 in two parts; the first has 9 trailing zero bits, so that its product with k is exact.
    const LN_2_HIGH: f32 = 0.693_145_75;
    const LN_2_LOW: f32 = 1.428_606_8e-6;
    if x.is_nan() {
        return x;
    }
    if x > LARGEST {
        return f32::INFINITY;
    }
    if x < SMALLEST {
        return 0.0;
    }
    let k = round(x * core::f32::consts::LOG2_E);
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let mut tail = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5] {
        tail = tail * r + coefficient;
    }
    // The smaller terms first: the sum then rounds once at full size.
    let result = 1.0 + (r + r * r * tail);
    let k = k as i32;
    let half = k / 2;
    result * power_of_two(half) * power_of_two(k - half)
}

/// `2^exponent` for an exponent in `-126..=127`.
#[inline(always)]
fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits(((exponent + 127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distance in units in the last place of the nearest float.
    fn ulps(result: f32, exact: f64) -> f64 {
        let unit = f64::from((exact as f32).next_up()) - f64::from(exact as f32);
        (f64::from(result) - exact).abs() / unit
    }

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
    fn rounding_is_that_of_the_standard_library() {
        for bits in (0..=u32::MAX).step_by(4_999) {
            let x = f32::from_bits(bits);
            assert!(x.is_nan() && round(x).is_nan() || round(x).to_bits() == x.round().to_bits(), "{x}");
        }
        for x in [0.5, -0.5, 1.5, -2.5, 0.499_999_97, 8_388_607.5, -8_388_608.0, f32::INFINITY] {
            assert_eq!(round(x).to_bits(), x.round().to_bits(), "{x}");
        }
    }

    #[test]
    fn the_floor_is_that_of_the_standard_library() {
        for bits in (0..=u32::MAX).step_by(4_999) {
            let x = f32::from_bits(bits);
            assert!(x.is_nan() && floor(x).is_nan() || floor(x).to_bits() == x.floor().to_bits(), "{x}");
        }
    }

    #[test]
    fn bounds_hold_and_nan_passes() {
        assert_eq!([-2.0, 0.5, 2.0].map(|x| clamp(x, -1.0, 1.0)), [-1.0, 0.5, 1.0]);
        assert!(clamp(f32::NAN, -1.0, 1.0).is_nan());
    }
}
