//! Rounding to integers, which `core` has no functions for.

/// From here on every float is an integer: 2^23.
const NO_FRACTION: f32 = 8_388_608.0;

/// The nearest integer, halves away from zero.
#[inline]
pub fn round(x: f32) -> f32 {
    if !(-NO_FRACTION < x && x < NO_FRACTION) {
        return x;
    }
    let whole = x as i32;
    let rest = x - whole as f32;
    let away = (rest >= 0.5) as i32 - (rest <= -0.5) as i32;
    ((whole + away) as f32).copysign(x)
}

/// The nearest integer, halves to the even one.
#[inline]
pub fn round_ties_even(x: f32) -> f32 {
    if !(-NO_FRACTION < x && x < NO_FRACTION) {
        return x;
    }
    let whole = x as i32;
    let rest = x - whole as f32;
    let odd = whole & 1 != 0;
    let up = rest > 0.5 || rest == 0.5 && odd;
    let down = rest < -0.5 || rest == -0.5 && odd;
    ((whole + up as i32 - down as i32) as f32).copysign(x)
}

/// The largest integer that is not above `x`.
#[inline]
pub fn floor(x: f32) -> f32 {
    if !(-NO_FRACTION < x && x < NO_FRACTION) {
        return x;
    }
    let whole = x as i32;
    ((whole - (whole as f32 > x) as i32) as f32).copysign(x)
}

/// The smallest integer that is not below `x`.
#[inline]
pub fn ceil(x: f32) -> f32 {
    -floor(-x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_that_of_the_standard_library() {
        let check = |name, x: f32, result: f32, exact: f32| {
            assert!(
                x.is_nan() && result.is_nan() || result.to_bits() == exact.to_bits(),
                "{name} {x}: {result}"
            );
        };
        let edges = [0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.499_999_97, 8_388_607.5, -8_388_608.0];
        let all = (0..=u32::MAX).step_by(4_999).map(f32::from_bits);
        for x in all.chain(edges).chain([f32::INFINITY, -1.0, 3.0]) {
            check("round", x, round(x), x.round());
            check("round_ties_even", x, round_ties_even(x), x.round_ties_even());
            check("floor", x, floor(x), x.floor());
            check("ceil", x, ceil(x), x.ceil());
        }
    }
}
