//! GELU: `y = x * P(X <= x)` of a standard normal `X`, element by element, exactly or by a tangent.
//!
//! Source: LiteRT, `reference_ops::Gelu`; TensorFlow Lite Micro has no such kernel. Int8 results are looked up in a table
//! made from the scales.

use core::f32::consts::FRAC_1_SQRT_2;

use crate::error::{attempt, elements, length};
use crate::{InvalidSpec, WrongLength, float};

pub use crate::elementwise::{Int8, Int8Spec};

/// Everything about a float GELU that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Elements.
    pub len: usize,
    /// Whether the normal distribution is approximated by `1/2 + 1/2 tanh(sqrt(2 / pi) * (x + 0.044715 x³))`.
    pub approximate: bool,
}

/// Float GELU.
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
        for (output, &x) in output.iter_mut().zip(input) {
            *output = if self.spec.approximate { approximate(x) } else { exact(x) };
        }
        Ok(())
    }
}

/// `x / 2 * erfc(-x / sqrt(2))`: unlike `1 + erf`, nothing cancels far below 0.
fn exact(x: f32) -> f32 {
    0.5 * x * float::erfc(x * -FRAC_1_SQRT_2)
}

/// The approximation by a tangent.
fn approximate(x: f32) -> f32 {
    const SQRT_2_OVER_PI: f32 = 0.797_884_6;
    0.5 * x * (1.0 + float::tanh(SQRT_2_OVER_PI * (x + 0.044_715 * x * x * x)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 5];
        let kernel = |approximate| Float32::new(Float32Spec { len: 5, approximate }).unwrap();
        let input = [-20.0, -1.0, 0.0, 1.0, 20.0];
        assert_eq!(kernel(false).run(&input, &mut output), Ok(()));
        for (y, expected) in output.iter().zip([0.0, -0.158_655_25, 0.0, 0.841_344_8, 20.0_f32]) {
            assert!((y - expected).abs() <= 1.0e-6 * expected.abs(), "{y} for {expected}");
        }
        assert_eq!(kernel(true).run(&input, &mut output), Ok(()));
        for (y, expected) in output.iter().zip([0.0, -0.158_808, 0.0, 0.841_192, 20.0_f32]) {
            assert!((y - expected).abs() <= 1.0e-6, "{y} for {expected}");
        }
    }
}
