//! RELU: `y = max(x, 0)`.
//!
//! Source: TensorFlow Lite Micro, `ReluQuantized` and `ReluFloat`.

use crate::error::{attempt, elements, length, multiplier, zero_point};
use crate::fixed::{Output, multiply_by_quantized_multiplier, requantize};
use crate::{InvalidSpec, Shared, WrongLength};

/// Everything about an int8 RELU that is known when it is compiled.
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
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Everything about an int16 RELU that is known when it is compiled. Zero points are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Elements.
    pub len: usize,
    /// Input scale over output scale, a Q0.31.
    pub multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub shift: i32,
}

/// Everything about a float RELU that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Elements.
    pub len: usize,
}

/// Int8 RELU: rescales the input to the output and clamps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    len: usize,
    input_zero_point: i32,
    multiplier: i32,
    shift: i32,
    output: Output,
}

/// Int16 RELU: rescales the input to the output and clamps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    spec: Int16Spec,
}

/// Float RELU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    spec: Float32Spec,
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(spec.input_zero_point));
        attempt!(multiplier(spec.multiplier, spec.shift));
        Ok(Self {
            len: attempt!(elements(&[spec.len])),
            input_zero_point: spec.input_zero_point,
            multiplier: spec.multiplier,
            shift: spec.shift,
            output: attempt!(Output::new(spec.output_zero_point, spec.act_min, spec.act_max)),
        })
    }

    /// Any shape, row-major.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        length("input", input.len(), self.len)?;
        length("output", output.len(), self.len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = self.of(input);
        }
        Ok(())
    }

    /// [`Int8::run`] with input and output in one piece of memory.
    #[inline(never)]
    pub fn run_shared(&self, shared: Shared<'_, i8>) -> Result<(), WrongLength> {
        shared.map(self.len, |input| self.of(input))
    }

    #[inline(always)]
    fn of(&self, input: i8) -> i8 {
        let value = i32::from(input) - self.input_zero_point;
        requantize(value, self.multiplier, self.shift, self.output)
    }
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        attempt!(multiplier(spec.multiplier, spec.shift));
        Ok(Self { spec })
    }

    /// Any shape, row-major.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        let Int16Spec { len, multiplier, shift } = self.spec;
        length("input", input.len(), len)?;
        length("output", output.len(), len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            let value = multiply_by_quantized_multiplier(i32::from(input), multiplier, shift);
            *output = value.clamp(0, i16::MAX.into()) as i16;
        }
        Ok(())
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        Ok(Self { spec })
    }

    /// Any shape, row-major. NaN stays NaN.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        length("input", input.len(), self.spec.len)?;
        length("output", output.len(), self.spec.len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = if input < 0.0 { 0.0 } else { input };
        }
        Ok(())
    }

    /// [`Float32::run`] with input and output in one piece of memory.
    #[inline(never)]
    pub fn run_shared(&self, shared: Shared<'_, f32>) -> Result<(), WrongLength> {
        shared.map(self.spec.len, |input| if input < 0.0 { 0.0 } else { input })
    }
}

#[cfg(test)]
mod tests;
