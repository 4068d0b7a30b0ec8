//! DEQUANTIZE: `y = scale * (x - zero_point)`.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::Dequantize`, whose double-precision product is exact before it is
//! rounded to float; the float product here rounds the same real number once.

use crate::error::{attempt, elements, length, scale, zero_point};
use crate::{InvalidSpec, WrongLength};

/// Everything about a DEQUANTIZE from int8 that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Int8Spec {
    /// Elements.
    pub len: usize,
    /// The real step between neighbouring int8 values.
    pub scale: f32,
    /// The int8 value of a real 0.
    pub zero_point: i32,
}

/// DEQUANTIZE from int8.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Int8 {
    spec: Int8Spec,
}

/// The real value of an int8 one, `scale * (value - zero_point)`.
#[inline(always)]
pub fn dequantize_value(value: i8, scale: f32, zero_point: i32) -> f32 {
    scale * (i32::from(value) - zero_point) as f32
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        attempt!(scale(spec.scale));
        attempt!(zero_point(spec.zero_point));
        Ok(Self { spec })
    }

    /// Any shape, row-major.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [f32]) -> Result<(), WrongLength> {
        let Int8Spec { len, scale, zero_point } = self.spec;
        length("input", input.len(), len)?;
        length("output", output.len(), len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = dequantize_value(input, scale, zero_point);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_the_double_product_rounded_once() {
        for (scale, zero_point) in [(0.5_f32, -3), (0.003_921_569, -128), (1.0e-40, 7), (3.0e38, 127)] {
            let input: std::vec::Vec<i8> = (i8::MIN..=i8::MAX).collect();
            let kernel = Int8::new(Int8Spec { len: 256, scale, zero_point }).unwrap();
            let mut output = [0.0; 256];
            assert_eq!(kernel.run(&input, &mut output), Ok(()));
            for (&x, y) in input.iter().zip(output) {
                assert_eq!(
                    y,
                    (f64::from(scale) * f64::from(i32::from(x) - zero_point)) as f32,
                    "{x} of {scale}"
                );
            }
        }
    }

    #[test]
    fn senseless_specifications_fail() {
        let spec = Int8Spec { len: 1, scale: 1.0, zero_point: 0 };
        assert!(Int8::new(spec).is_ok());
        for wrong in [
            Int8Spec { len: 0, ..spec },
            Int8Spec { scale: 0.0, ..spec },
            Int8Spec { scale: f32::NAN, ..spec },
            Int8Spec { scale: f32::INFINITY, ..spec },
            Int8Spec { zero_point: 128, ..spec },
        ] {
            assert!(Int8::new(wrong).is_err(), "{wrong:?}");
        }
    }
}
