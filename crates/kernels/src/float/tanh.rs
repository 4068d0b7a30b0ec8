//! The hyperbolic tangent and the logistic function.

use super::{exp, expm1};

/// The hyperbolic tangent of `x`, less than 4 units in the last place from the exact value.
#[inline(never)]
pub fn tanh(x: f32) -> f32 {
    const ONE: f32 = 9.011; // From here on the nearest float is 1.
    if x.is_nan() {
        return x;
    }
    let magnitude = x.abs();
    let result = if magnitude < ONE {
        let t = expm1(2.0 * magnitude);
        t / (t + 2.0)
    } else {
        1.0
    };
    result.copysign(x)
}

/// `1 / (1 + e^-x)`, as TensorFlow Lite's `reference_ops::Logistic` cuts it off.
#[inline(never)]
pub fn logistic(x: f32) -> f32 {
    const ONE: f32 = 16.619_047; // From here on the result is 1.
    const EXPONENTIAL: f32 = -9.0; // Below it the result is e^x.
    if x > ONE {
        1.0
    } else if x < EXPONENTIAL {
        exp(x)
    } else {
        1.0 / (1.0 + exp(-x))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::worst;
    use super::*;

    #[test]
    fn the_tangent_is_within_four_units() {
        for sign in [1.0, -1.0] {
            let worst = worst(sign * 1.0e-30, sign * 12.0, 499, tanh, f64::tanh);
            assert!(worst < 4.0, "{worst} units in the last place");
        }
        assert_eq!([tanh(0.0), tanh(f32::INFINITY), tanh(-20.0)], [0.0, 1.0, -1.0]);
        assert!(tanh(f32::NAN).is_nan());
    }

    #[test]
    fn the_logistic_function_is_close() {
        assert_eq!([logistic(0.0), logistic(17.0), logistic(-200.0)], [0.5, 1.0, 0.0]);
        for step in -2000..2000 {
            let x = step as f32 * 0.01;
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            // Cutting off at -9 leaves out e^-9.
            assert!((f64::from(logistic(x)) / exact - 1.0).abs() < 1.3e-4, "{x}");
            assert!((f64::from(logistic(x)) - exact).abs() < 2.0e-7, "{x}");
        }
        assert!(logistic(f32::NAN).is_nan());
    }
}
