//! POW: `y = a^b`, element by element; an extent of 1 stretches to the other operand's.
//!
//! Source: TensorFlow Lite, `reference_ops` of `pow.cc`, whose float power is C's `pow`. Integers to a negative power are
//! refused there; here they are what is left of the fraction: 1, -1 or 0. Integers wrap.

pub use super::broadcast::Spec;
use super::broadcast::plain_kernel;
use crate::power::pow;

plain_kernel!("POW", Float32, f32, pow);
plain_kernel!("POW", Int32, i32, power);

fn power(base: i32, exponent: i32) -> i32 {
    let odd = exponent & 1 != 0;
    match base {
        1 => 1,
        -1 => {
            if odd {
                -1
            } else {
                1
            }
        }
        _ if exponent < 0 => 0,
        _ => base.wrapping_pow(exponent as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_raised_by_hand() {
        let spec = Spec { a_shape: [1, 1, 1, 1, 1, 4], b_shape: [1; 6] };
        let mut output = [0.0; 4];
        assert_eq!(Float32::new(spec).unwrap().run(&[2.0, -3.0, 0.5, 0.0], &[3.0], &mut output), Ok(()));
        assert_eq!(output, [8.0, -27.0, 0.125, 0.0]);
        let mut output = [0; 4];
        assert_eq!(Int32::new(spec).unwrap().run(&[2, -3, 1, 0], &[5], &mut output), Ok(()));
        assert_eq!(output, [32, -243, 1, 0]);
        assert_eq!(Int32::new(spec).unwrap().run(&[2, -1, 1, 0], &[-3], &mut output), Ok(()));
        assert_eq!(output, [0, -1, 1, 0]);
    }
}
