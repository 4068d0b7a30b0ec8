//! FLOOR_DIV: `y = floor(a / b)`, element by element; an extent of 1 stretches to the other operand's.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::FloorDiv` (float) and its namesake in TensorFlow Lite (int32). The
//! runtimes stop at a divisor of 0; here a float quotient follows IEEE 754 and an integer one is 0.

pub use super::broadcast::Spec;
use super::broadcast::plain_kernel;
use crate::float::floor;

plain_kernel!("FLOOR_DIV", Float32, f32, |a, b| floor(a / b));
plain_kernel!("FLOOR_DIV", Int32, i32, floor_div);

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
            kernel.run(&[7.0, -7.0, 7.5, -0.5, 1.0, 0.3], &[2.0, 2.0, -2.0, 1.0, 0.0, 0.1], &mut output),
            Ok(())
        );
        assert_eq!(output, [3.0, -4.0, -4.0, -1.0, f32::INFINITY, 3.0]);
    }
}
