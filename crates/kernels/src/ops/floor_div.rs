//! FLOOR_DIV: `y = floor(a / b)`, element by element; an extent of 1 stretches to the other operand's.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::FloorDiv` (float, whose quotient is double) and its namesake in
//! TensorFlow Lite (int32). The runtimes stop at a divisor of 0; here a float quotient follows IEEE 754 and an integer
//! one is 0.

pub use super::broadcast::Spec;
use super::broadcast::plain_kernel;

plain_kernel!("FLOOR_DIV", Float32, f32, |a, b| floor(f64::from(a) / f64::from(b)));
plain_kernel!("FLOOR_DIV", Int32, i32, floor_div);

/// The largest integer that is not above `x`, as a float.
fn floor(x: f64) -> f32 {
    const NO_FRACTION: f64 = 4_503_599_627_370_496.0; // 2^52: from here on every double is an integer.
    if !(-NO_FRACTION < x && x < NO_FRACTION) {
        return x as f32;
    }
    let whole = (x as i64) as f64;
    (if whole > x { whole - 1.0 } else { whole }).copysign(x) as f32
}

#[inline(always)]
fn floor_div(a: i32, b: i32) -> i32 {
    if b == 0 {
        return 0;
    }
    let down = a.wrapping_rem(b) != 0 && (a < 0) != (b < 0);
    a.wrapping_div(b) - i32::from(down)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: Spec = Spec { a_shape: [1, 1, 1, 1, 1, 6], b_shape: [1, 1, 1, 1, 1, 6] };

    #[test]
    fn quotients_round_down() {
        let mut output = [0; 6];
        let kernel = Int32::new(SPEC).unwrap();
        assert_eq!(kernel.run(&[7, -7, 7, -8, 5, i32::MIN], &[2, 2, -2, -2, 0, -1], &mut output), Ok(()));
        assert_eq!(output, [3, -4, -4, 4, 0, i32::MIN]);
        let mut output = [0.0; 6];
        let kernel = Float32::new(SPEC).unwrap();
        assert_eq!(
            kernel.run(&[7.0, -7.0, 7.5, -0.5, 1.0, 1.125], &[2.0, 2.0, -2.0, 1.0, 0.0, 0.001], &mut output),
            Ok(())
        );
        assert_eq!(output, [3.0, -4.0, -4.0, -1.0, f32::INFINITY, 1124.0]);
    }
}
