//! The square root.

/// The float nearest to the square root of `x`, as IEEE 754 defines it; NaN below 0.
///
/// `core` has none. Newton's method for `1 / sqrt(m)` in floats comes within a few units of the root, and integers
/// decide the rest exactly.
#[inline(never)]
pub fn sqrt(x: f32) -> f32 {
    if x.is_nan() || x == 0.0 || x == f32::INFINITY {
        return x;
    }
    if x < 0.0 {
        return f32::NAN;
    }
    let (x, halvings) = if x < f32::MIN_POSITIVE { (x * 16_777_216.0, 12) } else { (x, 0) };
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    // x = m 2^(e - 23) with e even and m in [2^23, 2^25); the root of m 2^23 then has 24 bits.
    let odd = (exponent & 1) as u32;
    let m = ((bits & 0x007f_ffff) | 0x0080_0000) << odd;
    let square = u64::from(m) << 23;
    let mut root = estimate(m);
    while u64::from(root) * u64::from(root) > square {
        root -= 1;
    }
    while u64::from(root + 1) * u64::from(root + 1) <= square {
        root += 1;
    }
    // (root + 1/2)² lies a quarter above root² + root, and no square is a quarter off an integer.
    let nearest = root + (square > u64::from(root) * u64::from(root) + u64::from(root)) as u32;
    let exponent = (exponent - odd as i32) / 2 - halvings;
    // The leading bit of the root adds 1 to the exponent.
    f32::from_bits((((exponent + 126) as u32) << 23) + nearest)
}

/// The root of `m 2^23`, a few units off.
fn estimate(m: u32) -> u32 {
    let m = m as f32 / 8_388_608.0;
    let half = 0.5 * m;
    // Halving the bits halves the exponent; the constant balances the error over [1, 4).
    let mut inverse = f32::from_bits(0x5f37_5a86 - (m.to_bits() >> 1));
    for _ in 0..3 {
        inverse = inverse * (1.5 - half * inverse * inverse);
    }
    (m * inverse * 8_388_608.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_that_of_the_standard_library() {
        let all = (0..=f32::INFINITY.to_bits()).step_by(997).map(f32::from_bits);
        let near_one = (0..1 << 16).map(|bits| f32::from_bits(1.0_f32.to_bits() - (1 << 15) + bits));
        let edges = [0.0, -0.0, 4.0, 2.0, 3.999_999_8, f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1)];
        for x in all.chain(near_one).chain(edges) {
            assert_eq!(sqrt(x).to_bits(), x.sqrt().to_bits(), "{x}");
        }
        assert!(sqrt(-1.0).is_nan() && sqrt(f32::NAN).is_nan());
    }

    #[test]
    fn the_estimate_is_a_few_units_off() {
        for m in (1_u32 << 23..1 << 25).step_by(997) {
            let exact = (u64::from(m) << 23).isqrt();
            assert!(u64::from(estimate(m)).abs_diff(exact) <= 4, "{m}");
        }
    }
}
