//! RELU6: `y = min(max(x, 0), 6)`.
//!
//! Source: TensorFlow Lite Micro, `Relu6Quantized` and `Relu6Float`. Unlike RELU, int8 is clamped and never rescaled:
//! input and output share scale and zero point.

use crate::error::{activation, attempt, elements, ensure, length};
use crate::{InvalidSpec, Shared, WrongLength, fixed, float};

/// Everything about an int8 RELU6 that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Elements.
    pub len: usize,
    /// The int8 value of a real 0.
    pub act_min: i32,
    /// The int8 value of a real 6, or the largest there is.
    pub act_max: i32,
}

/// Everything about an int16 RELU6 that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Elements.
    pub len: usize,
    /// The int16 value of a real 0.
    pub act_min: i32,
    /// The int16 value of a real 6, or the largest there is.
    pub act_max: i32,
}

/// Everything about a float RELU6 that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Elements.
    pub len: usize,
}

/// Int8 RELU6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    spec: Int8Spec,
}

/// Int16 RELU6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    act_min: i16,
    act_max: i16,
    len: usize,
}

/// Float RELU6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    spec: Float32Spec,
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        attempt!(activation(spec.act_min, spec.act_max));
        Ok(Self { spec })
    }

    /// Any shape, row-major.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        let Int8Spec { len, act_min, act_max } = self.spec;
        length("input", input.len(), len)?;
        length("output", output.len(), len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = fixed::clamp(i32::from(input), act_min, act_max);
        }
        Ok(())
    }
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        let Int16Spec { len, act_min, act_max } = spec;
        attempt!(elements(&[len]));
        ensure!(
            -32_768 <= act_min && act_min <= act_max && act_max <= 32_767,
            "activation bounds must be ordered and in -32768..=32767"
        );
        Ok(Self { act_min: act_min as i16, act_max: act_max as i16, len })
    }

    /// Any shape, row-major.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        length("input", input.len(), self.len)?;
        length("output", output.len(), self.len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = input.max(self.act_min).min(self.act_max);
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
            *output = float::clamp(input, 0.0, 6.0);
        }
        Ok(())
    }

    /// [`Float32::run`] with input and output in one piece of memory.
    #[inline(never)]
    pub fn run_shared(&self, shared: Shared<'_, f32>) -> Result<(), WrongLength> {
        shared.map(self.spec.len, |input| float::clamp(input, 0.0, 6.0))
    }
}

#[cfg(test)]
mod tests;
