//! RELU6: `y = min(max(x, 0), 6)`.
//!
//! Source: TensorFlow Lite Micro, `Relu6Quantized` and `Relu6Float`. TFLM clamps int8 without rescaling; the rescaling
//! rectifier here gives the same bytes whenever input and output have the same scale and zero point.

pub use super::relu::{Int8, Int8Spec};
use crate::error::{attempt, elements, length};
use crate::{InvalidSpec, WrongLength, float};

/// Everything about a float RELU6 that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Elements.
    pub len: usize,
}

/// Float RELU6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    spec: Float32Spec,
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
}

#[cfg(test)]
mod tests;
