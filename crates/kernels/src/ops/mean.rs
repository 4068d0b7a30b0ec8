//! MEAN: `y = sum over the reduced axes of x / their elements`.
//!
//! Source: TensorFlow Lite Micro, `EvalMeanHelper` with `reference_ops::QuantizedMeanOrSum`, which scales the sum by a
//! multiplier that was divided by the number of elements: a quantised MEAN is a SUM with another multiplier.

use super::reduction::Reduction;
use crate::error::{attempt, length};
use crate::{InvalidSpec, WrongLength};

pub use super::sum::{Int8, Int8Spec, Int16, Int16Spec};

/// Everything about a float MEAN that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Extents of the input with leading ones.
    pub shape: [usize; 6],
    /// Which of them the mean is taken over.
    pub axes: [bool; 6],
}

/// Float MEAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    reduction: Reduction,
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { reduction: attempt!(Reduction::new(spec.shape, spec.axes)) })
    }

    /// The output has the kept axes. Elements are added in order, then divided by their count.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        length("input", input.len(), self.reduction.in_len)?;
        length("output", output.len(), self.reduction.out_len)?;
        let count = self.reduction.count as f32;
        self.reduction.apply(input, output, 0.0, |sum, x| sum + x, |sum| sum / count);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_by_hand() {
        let spec = Float32Spec { shape: [1, 1, 1, 2, 2, 2], axes: [false, false, false, true, true, false] };
        let mut output = [0.0; 2];
        let input = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0, 4.0, 42.0];
        assert_eq!(Float32::new(spec).unwrap().run(&input, &mut output), Ok(()));
        assert_eq!(output, [2.5, 25.5]);
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        let spec = Float32Spec { shape: [1, 1, 1, 1, 2, 2], axes: [true; 6] };
        assert!(Float32::new(Float32Spec { shape: [0; 6], ..spec }).is_err());
        let wrong = WrongLength { operand: "input", expected: 4, found: 2 };
        assert_eq!(Float32::new(spec).unwrap().run(&[0.0; 2], &mut [0.0]), Err(wrong));
    }
}
