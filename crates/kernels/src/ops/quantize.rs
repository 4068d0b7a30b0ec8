//! QUANTIZE: `y = round(x / scale) + zero_point`, from float or from another int8 quantisation.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::AffineQuantize` (halves away from zero) and `Requantize`.

use crate::error::{attempt, elements, length, multiplier, scale, zero_point};
use crate::fixed::{Output, clamp, requantize};
use crate::{InvalidSpec, WrongLength, float};

/// Everything about a QUANTIZE from float to int8 that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32ToInt8Spec {
    /// Elements.
    pub len: usize,
    /// The real step between neighbouring int8 values.
    pub scale: f32,
    /// The int8 value of a real 0.
    pub zero_point: i32,
}

/// Everything about a QUANTIZE from int8 to int8 that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Elements.
    pub len: usize,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Input scale over output scale, a Q0.31.
    pub multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub shift: i32,
}

/// QUANTIZE from float to int8.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32ToInt8 {
    spec: Float32ToInt8Spec,
}

/// QUANTIZE from int8 to int8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    spec: Int8Spec,
}

/// The nearest int8 value, `round(value / scale) + zero_point`, halves away from zero, saturated. NaN becomes the zero
/// point.
#[inline(always)]
pub fn quantize_value(value: f32, scale: f32, zero_point: i32) -> i8 {
    let steps = float::round(value / scale) as i32;
    clamp(steps.saturating_add(zero_point), -128, 127)
}

impl Float32ToInt8 {
    /// Checks the specification.
    pub const fn new(spec: Float32ToInt8Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        attempt!(scale(spec.scale));
        attempt!(zero_point(spec.zero_point));
        Ok(Self { spec })
    }

    /// Any shape, row-major. Values beyond the range saturate; NaN becomes the zero point.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [i8]) -> Result<(), WrongLength> {
        let Float32ToInt8Spec { len, scale, zero_point } = self.spec;
        length("input", input.len(), len)?;
        length("output", output.len(), len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = quantize_value(input, scale, zero_point);
        }
        Ok(())
    }
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        attempt!(zero_point(spec.input_zero_point));
        attempt!(zero_point(spec.output_zero_point));
        attempt!(multiplier(spec.multiplier, spec.shift));
        Ok(Self { spec })
    }

    /// Any shape, row-major.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        let Int8Spec { len, input_zero_point, output_zero_point, multiplier, shift } = self.spec;
        length("input", input.len(), len)?;
        length("output", output.len(), len)?;
        let to = Output { zero_point: output_zero_point, act_min: -128, act_max: 127 };
        for (output, &input) in output.iter_mut().zip(input) {
            *output = requantize(i32::from(input) - input_zero_point, multiplier, shift, to);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
