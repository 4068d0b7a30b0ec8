//! L2_NORMALIZATION: `y[c] = x[c] / sqrt(sum over k of x[k]²)` along the last axis.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::L2Normalization` and `reference_integer_ops::L2Normalization`.

use crate::error::{attempt, elements, ensure, length, zero_point};
use crate::fixed::{clamp, multiply_by_quantized_multiplier};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength, float, gemmlowp};

/// Everything about an int8 L2_NORMALIZATION that is known when it is compiled. The output has scale 1/128, zero point 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Rows, each with its own norm.
    pub rows: usize,
    /// Elements of a row, at most 32768: squares are summed in 32 bits.
    pub depth: usize,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
}

/// Everything about a float L2_NORMALIZATION that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Rows, each with its own norm.
    pub rows: usize,
    /// Elements of a row.
    pub depth: usize,
}

/// Int8 L2_NORMALIZATION.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    spec: Int8Spec,
}

/// Float L2_NORMALIZATION.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    spec: Float32Spec,
}

/// Fractional bits of the output.
const FRACTION_BITS: i32 = 7;

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.rows, spec.depth]));
        attempt!(zero_point(spec.input_zero_point));
        ensure!(spec.depth <= 32_768, "a row of an int8 L2_NORMALIZATION must have at most 32768 elements");
        Ok(Self { spec })
    }

    /// Input and output `rows × depth`. A row of zeros stays one.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        let Int8Spec { rows: n_rows, depth, input_zero_point } = self.spec;
        length("input", input.len(), n_rows * depth)?;
        length("output", output.len(), n_rows * depth)?;
        for (input, output) in rows(input, depth).zip(rows_mut(output, depth)) {
            let sum = input.iter().fold(0_i32, |sum, &x| {
                let x = i32::from(x) - input_zero_point;
                sum.wrapping_add(x * x)
            });
            let (multiplier, shift) = gemmlowp::inverse_square_root(sum);
            for (output, &input) in output.iter_mut().zip(input) {
                let x = i32::from(input) - input_zero_point;
                let y = multiply_by_quantized_multiplier(x, multiplier, shift + FRACTION_BITS);
                *output = clamp(y, -128, 127);
            }
        }
        Ok(())
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.rows, spec.depth]));
        Ok(Self { spec })
    }

    /// Input and output `rows × depth`. Squares are added in order; norms are at least `1e-6`.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        let Float32Spec { rows: n_rows, depth } = self.spec;
        length("input", input.len(), n_rows * depth)?;
        length("output", output.len(), n_rows * depth)?;
        for (input, output) in rows(input, depth).zip(rows_mut(output, depth)) {
            let sum = input.iter().fold(0.0, |sum, &x| sum + x * x);
            let norm = float::sqrt(sum);
            let norm = if norm < 1.0e-6 { 1.0e-6 } else { norm };
            for (output, &input) in output.iter_mut().zip(input) {
                *output = input / norm;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;
    use crate::ops::naive::Random;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 4];
        let kernel = Float32::new(Float32Spec { rows: 2, depth: 2 }).unwrap();
        assert_eq!(kernel.run(&[3.0, -4.0, 0.0, 0.0], &mut output), Ok(()));
        assert_eq!(output, [0.6, -0.8, 0.0, 0.0]);
        let mut output = [1; 4];
        let kernel = Int8::new(Int8Spec { rows: 2, depth: 2, input_zero_point: 5 }).unwrap();
        assert_eq!(kernel.run(&[8, 1, 5, 5], &mut output), Ok(()));
        // 0.6 * 128 = 76.8, -0.8 * 128 = -102.4.
        assert_eq!(output, [77, -102, 0, 0]);
    }

    #[test]
    fn random_int8_rows_are_within_a_step_of_the_real_norm() {
        for seed in 0..300 {
            let random = &mut Random::new(seed);
            let (rows, depth) = (random.size(1, 3), random.size(1, 40));
            let zero = random.within(-128, 127) as i32;
            let kernel = Int8::new(Int8Spec { rows, depth, input_zero_point: zero }).unwrap();
            let input = random.int8s(rows * depth);
            let mut output = vec![0; rows * depth];
            assert_eq!(kernel.run(&input, &mut output), Ok(()));
            for (input, output) in input.chunks(depth).zip(output.chunks(depth)) {
                let real = input.iter().map(|&x| f64::from(i32::from(x) - zero));
                let norm = real.clone().map(|x| x * x).sum::<f64>().sqrt().max(1.0);
                for (x, &y) in real.zip(output) {
                    let expected = (x / norm * 128.0).min(127.0);
                    assert!((f64::from(y) - expected).abs() <= 0.55, "seed {seed}: {y} for {expected}");
                }
            }
        }
    }

    #[test]
    fn senseless_specifications_fail() {
        assert!(Int8::new(Int8Spec { rows: 1, depth: 32_769, input_zero_point: 0 }).is_err());
        assert!(Int8::new(Int8Spec { rows: 1, depth: 1, input_zero_point: 128 }).is_err());
        assert!(Float32::new(Float32Spec { rows: 0, depth: 1 }).is_err());
    }
}
