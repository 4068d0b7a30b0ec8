//! CAST: every element as a number of another type.
//!
//! Source: TensorFlow Lite Micro, `copyCast` of `cast.cc`, C's conversion: floats lose their fraction, integers that do not
//! fit lose their upper bits, and what is not 0 is true. C leaves floats beyond the range open: here they saturate at 32
//! bits (64 for int64) before they lose bits, and NaN becomes 0.

use crate::error::{attempt, elements, length};
use crate::memory::Pod;
use crate::{InvalidSpec, WrongLength};

/// Everything about a CAST that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Elements.
    pub len: usize,
}

/// CAST between numbers, and from truth values to numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    spec: Spec,
}

/// CAST to truth values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToBool {
    spec: Spec,
}

/// A number that CAST makes a `To` of.
pub trait CastTo<To>: Pod {
    /// The value as the other type.
    fn cast(self) -> To;
}

/// Conversions from a type to others; the second type is one that the value goes through.
macro_rules! cast {
    ($($from:ident via $through:ident: $($to:ident)*;)*) => {
        $($(impl CastTo<$to> for $from {
            #[inline(always)]
            #[allow(clippy::unnecessary_cast, reason = "some types are what they go through")]
            fn cast(self) -> $to {
                self as $through as $to
            }
        })*)*
    };
}

cast! {
    u8 via u8: u8 i8 i16 i32 u32 i64 f32;
    i8 via i8: u8 i8 i16 i32 u32 i64 f32;
    i16 via i16: u8 i8 i16 i32 u32 i64 f32;
    i32 via i32: u8 i8 i16 i32 u32 i64 f32;
    u32 via u32: u8 i8 i16 i32 u32 i64 f32;
    i64 via i64: u8 i8 i16 i32 u32 i64 f32;
    f32 via i32: u8 i8 i16 i32;
    f32 via i64: u32 i64;
    f32 via f32: f32;
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        Ok(Self { spec })
    }

    /// Any shape, row-major.
    #[inline(never)]
    pub fn run<From: CastTo<To>, To>(&self, input: &[From], output: &mut [To]) -> Result<(), WrongLength> {
        length("input", input.len(), self.spec.len)?;
        length("output", output.len(), self.spec.len)?;
        output.iter_mut().zip(input).for_each(|(output, &input)| *output = input.cast());
        Ok(())
    }
}

impl ToBool {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        Ok(Self { spec })
    }

    /// Any shape, row-major; 1 where the element is not 0, else 0.
    #[inline(never)]
    pub fn run<T: Pod + PartialEq + Default>(
        &self,
        input: &[T],
        output: &mut [u8],
    ) -> Result<(), WrongLength> {
        length("input", input.len(), self.spec.len)?;
        length("output", output.len(), self.spec.len)?;
        output.iter_mut().zip(input).for_each(|(output, &input)| *output = u8::from(input != T::default()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements as `To`.
    fn cast<From: CastTo<To>, To: Default + Copy, const N: usize>(input: [From; N]) -> [To; N] {
        let mut output = [To::default(); N];
        assert_eq!(Any::new(Spec { len: N }).unwrap().run(&input, &mut output), Ok(()));
        output
    }

    #[test]
    fn numbers_convert_as_in_c() {
        assert_eq!(cast::<f32, i8, 5>([1.9, -1.9, 300.0, 1.0e20, f32::NAN]), [1, -1, 44, -1, 0]);
        assert_eq!(cast::<f32, i32, 3>([-7.5, 1.0e20, -1.0e20]), [-7, i32::MAX, i32::MIN]);
        assert_eq!(cast::<f32, i64, 2>([-7.5, 1.0e18]), [-7, 999_999_984_306_749_440]);
        assert_eq!(cast::<i32, i16, 3>([70_000, -1, 5]), [4_464, -1, 5]);
        assert_eq!(cast::<i8, f32, 2>([-128, 127]), [-128.0, 127.0]);
        assert_eq!(cast::<u8, i8, 2>([200, 1]), [-56, 1]);
        assert_eq!(cast::<i64, f32, 1>([16_777_217]), [16_777_216.0]);
    }

    #[test]
    fn what_is_not_zero_is_true() {
        let mut output = [9; 4];
        let kernel = ToBool::new(Spec { len: 4 }).unwrap();
        assert_eq!(kernel.run(&[0.0, -0.0, f32::NAN, 0.1], &mut output), Ok(()));
        assert_eq!(output, [0, 0, 1, 1]);
        assert_eq!(kernel.run(&[0, 256, -1, 1], &mut output), Ok(()));
        assert_eq!(output, [0, 1, 1, 1]);
        assert!(kernel.run(&[0_i8; 3], &mut output).is_err());
        assert!(Any::new(Spec { len: 0 }).is_err());
    }
}
