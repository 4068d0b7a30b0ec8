//! QUANTIZE: `y = round(x / scale) + zero_point`, from float or from another quantisation.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::AffineQuantize` (halves away from zero) and `Requantize`.

use super::rescaled::{Rescale, bounded};
use crate::error::{attempt, elements, length, scale, within};
use crate::{InvalidSpec, Shared, WrongLength, float};

/// The nearest int8 value, `round(value / scale) + zero_point`, halves away from zero, saturated. NaN becomes the zero
/// point.
#[inline(always)]
pub fn quantize_value(value: f32, scale: f32, zero_point: i32) -> i8 {
    steps(value, scale, zero_point, -128, 127) as i8
}

/// The nearest int16 value of a symmetric tensor, `round(value / scale)`, halves away from zero, saturated.
#[inline(always)]
pub fn quantize_value_16(value: f32, scale: f32) -> i16 {
    steps(value, scale, 0, -32768, 32767) as i16
}

#[inline(always)]
fn steps(value: f32, scale: f32, zero_point: i32, low: i32, high: i32) -> i32 {
    let steps = float::round(value / scale) as i32;
    bounded(steps.saturating_add(zero_point), low, high)
}

/// QUANTIZE from float to one integer type.
macro_rules! from_float {
    ($kernel:ident($spec:ident), $element:ident) => {
        #[doc = concat!("Everything about a QUANTIZE from float to ", stringify!($element))]
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

        #[doc = concat!("QUANTIZE from float to ", stringify!($element), ".")]
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $kernel {
            spec: $spec,
        }

        impl $kernel {
            const LOW: i32 = $element::MIN as i32;
            const HIGH: i32 = $element::MAX as i32;

            /// Checks the specification.
            pub const fn new(spec: $spec) -> Result<Self, InvalidSpec> {
                attempt!(elements(&[spec.len]));
                attempt!(scale(spec.scale));
                attempt!(within(spec.zero_point, Self::LOW, Self::HIGH));
                Ok(Self { spec })
            }

            /// Any shape, row-major. Values beyond the range saturate; NaN becomes the zero point.
            #[inline(never)]
            pub fn run(&self, input: &[f32], output: &mut [$element]) -> Result<(), WrongLength> {
                let $spec { len, scale, zero_point } = self.spec;
                length("input", input.len(), len)?;
                length("output", output.len(), len)?;
                for (output, &input) in output.iter_mut().zip(input) {
                    *output = steps(input, scale, zero_point, Self::LOW, Self::HIGH) as $element;
                }
                Ok(())
            }
        }
    };
}

/// QUANTIZE from one quantisation to another.
macro_rules! requantize {
    ($kernel:ident($spec:ident), $from:ident, $to:ident) => {
        #[doc = concat!("Everything about a QUANTIZE from ", stringify!($from), " to ", stringify!($to))]
        /// that is known when it is compiled.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $spec {
            /// Elements.
            pub len: usize,
            /// The value of a real 0 in the input.
            pub input_zero_point: i32,
            /// The value of a real 0 in the output.
            pub output_zero_point: i32,
            /// Input scale over output scale, a Q0.31.
            pub multiplier: i32,
            /// Its exponent in `-31..=30`.
            pub shift: i32,
        }

        #[doc = concat!("QUANTIZE from ", stringify!($from), " to ", stringify!($to), ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $kernel {
            len: usize,
            input_zero_point: i32,
            output: Rescale,
        }

        impl $kernel {
            /// Checks the specification.
            pub const fn new(spec: $spec) -> Result<Self, InvalidSpec> {
                const LOW: i32 = $to::MIN as i32;
                const HIGH: i32 = $to::MAX as i32;
                attempt!(elements(&[spec.len]));
                attempt!(within(spec.input_zero_point, $from::MIN as i32, $from::MAX as i32));
                let scale = [spec.multiplier, spec.shift];
                let output = attempt!(Rescale::new(scale, spec.output_zero_point, [LOW, HIGH], LOW, HIGH));
                Ok(Self { len: spec.len, input_zero_point: spec.input_zero_point, output })
            }

            /// Any shape, row-major.
            #[inline(never)]
            pub fn run(&self, input: &[$from], output: &mut [$to]) -> Result<(), WrongLength> {
                length("input", input.len(), self.len)?;
                length("output", output.len(), self.len)?;
                for (output, &input) in output.iter_mut().zip(input) {
                    *output = self.output.apply(i32::from(input).wrapping_sub(self.input_zero_point)) as $to;
                }
                Ok(())
            }
        }
    };
}

from_float!(Float32ToInt8(Float32ToInt8Spec), i8);
from_float!(Float32ToInt16(Float32ToInt16Spec), i16);
from_float!(Float32ToUint8(Float32ToUint8Spec), u8);
requantize!(Int8(Int8Spec), i8, i8);
requantize!(Int8ToInt16(Int8ToInt16Spec), i8, i16);
requantize!(Int8ToInt32(Int8ToInt32Spec), i8, i32);
requantize!(Int8ToUint8(Int8ToUint8Spec), i8, u8);
requantize!(Int16(Int16Spec), i16, i16);
requantize!(Int16ToInt8(Int16ToInt8Spec), i16, i8);
requantize!(Int16ToInt32(Int16ToInt32Spec), i16, i32);
requantize!(Int32ToInt8(Int32ToInt8Spec), i32, i8);
requantize!(Int32ToInt16(Int32ToInt16Spec), i32, i16);
requantize!(Uint8ToInt8(Uint8ToInt8Spec), u8, i8);

/// QUANTIZE between types of one size, in place.
macro_rules! in_place {
    ($kernel:ident, $to:ident, $from_bits:expr) => {
        impl $kernel {
            #[doc = concat!("[`", stringify!($kernel), "::run`] with input and output in one piece of memory, in which the bytes of the")]
            /// input stand as the output's type.
            #[inline(never)]
            pub fn run_shared(&self, shared: Shared<'_, $to>) -> Result<(), WrongLength> {
                let value = $from_bits;
                shared.map(self.len, |bits| {
                    self.output.apply(i32::from(value(bits)).wrapping_sub(self.input_zero_point)) as $to
                })
            }
        }
    };
}

in_place!(Int8, i8, |value: i8| value);
in_place!(Int8ToUint8, u8, u8::cast_signed);
in_place!(Uint8ToInt8, i8, i8::cast_unsigned);

#[cfg(test)]
mod tests;
