//! Float arithmetic that is the same on host and device: no library, no fused multiply-add.

/// `x` between bounds, NaN left as it is (TFLite's `ActivationFunctionWithMinMax`).
#[inline(always)]
pub(crate) fn clamp(x: f32, min: f32, max: f32) -> f32 {
    let x = if x < min { min } else { x };
    if max < x { max } else { x }
}

/// The nearest integer, halves away from zero.
#[inline]
pub fn round(x: f32) -> f32 {
    const NO_FRACTION: f32 = 8_388_608.0; // 2^23: from here on every float is an integer.
    if !(-NO_FRACTION < x && x < NO_FRACTION) {
        return x;
    }
    let whole = x as i32;
    let rest = x - whole as f32;
    let away = (rest >= 0.5) as i32 - (rest <= -0.5) as i32;
    ((whole + away) as f32).copysign(x)
}

/// e to the power of `x`, less than 2 units in the last place from the exact value, subnormal results included.
///
/// `x = k ln 2 + r` with `|r| <= ln 2 / 2` (Cody and Waite, *Software Manual for the Elementary Functions*, 1980), then
/// the Taylor polynomial of degree 7 in `r` and an exact scaling by `2^k`.
#[inline(never)]
pub fn exp(x: f32) -> f32 {
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
