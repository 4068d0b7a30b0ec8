//! DEQUANTIZE: `y = scale * (x - zero_point)`; a float16 is widened as it is.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::Dequantize`, whose double-precision product is exact before it is
//! rounded to float; the float product here rounds the same real number once. Float16: TensorFlow Lite `dequantize.h`.

use crate::error::{attempt, elements, length, scale, within};
use crate::{InvalidSpec, WrongLength};

/// The real value of an int8 one, `scale * (value - zero_point)`.
#[inline(always)]
pub fn dequantize_value(value: i8, scale: f32, zero_point: i32) -> f32 {
    scale * (i32::from(value) - zero_point) as f32
}

/// The float of the same value as a float16 (IEEE 754 binary16). Its NaN are quiet.
#[inline]
pub fn widen_float16(bits: u16) -> f32 {
    let (exponent, fraction) = (u32::from(bits >> 10) & 0x1f, u32::from(bits) & 0x3ff);
    let magnitude = match exponent {
        // 2^-24, the step between subnormal float16.
        0 => fraction as f32 * f32::from_bits(103 << 23),
        0x1f if fraction == 0 => f32::INFINITY,
        0x1f => f32::NAN,
        _ => f32::from_bits(((exponent + 112) << 23) | (fraction << 13)),
    };
    if bits >> 15 == 0 { magnitude } else { -magnitude }
}

/// DEQUANTIZE from one integer type.
macro_rules! dequantize {
    ($kernel:ident($spec:ident), $element:ident) => {
        #[doc = concat!("Everything about a DEQUANTIZE from ", stringify!($element))]
        /// that is known when it is compiled.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $spec {
            /// Elements.
            pub len: usize,
            /// The real step between neighbouring values.
            pub scale: f32,
            /// The value of a real 0.
            pub zero_point: i32,
        }

        #[doc = concat!("DEQUANTIZE from ", stringify!($element), ".")]
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $kernel {
            spec: $spec,
        }

        impl $kernel {
            /// Checks the specification.
            pub const fn new(spec: $spec) -> Result<Self, InvalidSpec> {
                attempt!(elements(&[spec.len]));
                attempt!(scale(spec.scale));
                attempt!(within(spec.zero_point, $element::MIN as i32, $element::MAX as i32));
                Ok(Self { spec })
            }

            /// Any shape, row-major.
            #[inline(never)]
            pub fn run(&self, input: &[$element], output: &mut [f32]) -> Result<(), WrongLength> {
                let $spec { len, scale, zero_point } = self.spec;
                length("input", input.len(), len)?;
                length("output", output.len(), len)?;
                for (output, &input) in output.iter_mut().zip(input) {
                    *output = scale * (i32::from(input) - zero_point) as f32;
                }
                Ok(())
            }
        }
    };
}

dequantize!(Int8(Int8Spec), i8);
dequantize!(Int16(Int16Spec), i16);
dequantize!(Uint8(Uint8Spec), u8);

/// Everything about a DEQUANTIZE from float16 that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float16Spec {
    /// Elements.
    pub len: usize,
}

/// DEQUANTIZE from float16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float16 {
    spec: Float16Spec,
}

impl Float16 {
    /// Checks the specification.
    pub const fn new(spec: Float16Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        Ok(Self { spec })
    }

    /// Any shape, row-major; the input holds the bits of float16.
    #[inline(never)]
    pub fn run(&self, input: &[u16], output: &mut [f32]) -> Result<(), WrongLength> {
        length("input", input.len(), self.spec.len)?;
        length("output", output.len(), self.spec.len)?;
        output.iter_mut().zip(input).for_each(|(output, &input)| *output = widen_float16(input));
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
            let input: std::vec::Vec<i16> = (i16::MIN..=i16::MAX).collect();
            let kernel = Int16::new(Int16Spec { len: 65_536, scale, zero_point }).unwrap();
            let mut output = std::vec![0.0; 65_536];
            assert_eq!(kernel.run(&input, &mut output), Ok(()));
            for (&x, y) in input.iter().zip(output) {
                assert_eq!(
                    y,
                    (f64::from(scale) * f64::from(i32::from(x) - zero_point)) as f32,
                    "{x} of {scale}"
                );
            }
        }
        let kernel = Uint8::new(Uint8Spec { len: 2, scale: 0.5, zero_point: 128 }).unwrap();
        let mut output = [0.0; 2];
        assert_eq!(kernel.run(&[0, 255], &mut output), Ok(()));
        assert_eq!(output, [-64.0, 63.5]);
    }

    #[test]
    fn float16_keeps_its_value() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x7bff, 65504.0),
            (0x3555, 0.333_251_95),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert_eq!(widen_float16(bits), value, "{bits:#06x}");
        }
        assert!(widen_float16(0x8000).is_sign_negative());
        assert!(widen_float16(0x7e00).is_nan());
        let mut output = [0.0];
        assert_eq!(Float16::new(Float16Spec { len: 1 }).unwrap().run(&[0x3800], &mut output), Ok(()));
        assert_eq!(output, [0.5]);
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
        assert!(Uint8::new(Uint8Spec { len: 1, scale: 1.0, zero_point: -1 }).is_err());
    }
}
