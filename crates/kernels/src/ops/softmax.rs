//! SOFTMAX: `y[c] = exp(beta * x[c]) / sum over k of exp(beta * x[k])` along the last axis.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::Softmax`, for int8 with gemmlowp's fixed-point exponential.

use crate::error::{attempt, elements, ensure, length};
use crate::fixed::{
    exp_on_negative_values, reciprocal, rounding_divide_by_pot, saturating_rounding_doubling_high_mul,
};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength, float};

/// Everything about an int8 SOFTMAX that is known when it is compiled. The output has scale 1/256, zero point -128.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Rows, each with its own sum.
    pub rows: usize,
    /// Elements of a row, at most 4095: exponentials are summed with 12 integer bits.
    pub depth: usize,
    /// `beta * input scale * 2^26` as a Q0.31 …
    pub input_multiplier: i32,
    /// … and its exponent, in `0..=31`.
    pub input_shift: i32,
    /// Inputs that are further below the largest of the row count as nothing; at most 0.
    pub diff_min: i32,
}

/// Everything about a float SOFTMAX that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32Spec {
    /// Rows, each with its own sum.
    pub rows: usize,
    /// Elements of a row.
    pub depth: usize,
    /// Factor of the exponent.
    pub beta: f32,
}

/// Int8 SOFTMAX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    spec: Int8Spec,
}

/// Float SOFTMAX.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32 {
    spec: Float32Spec,
}

/// Integer bits of the sum of exponentials.
const SUM_INTEGER_BITS: u32 = 12;

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.rows, spec.depth]));
        ensure!(
            spec.depth < 1 << SUM_INTEGER_BITS,
            "a row of an int8 SOFTMAX must have at most 4095 elements"
        );
        ensure!(spec.input_multiplier >= 0, "a quantised multiplier must not be negative");
        ensure!(0 <= spec.input_shift && spec.input_shift <= 31, "the shift of a SOFTMAX must be in 0..=31");
        ensure!(spec.diff_min <= 0, "the smallest difference of a SOFTMAX must be at most 0");
        Ok(Self { spec })
    }

    /// Input and output `rows × depth`.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        let Int8Spec { rows: n_rows, depth, .. } = self.spec;
        length("input", input.len(), n_rows * depth)?;
        length("output", output.len(), n_rows * depth)?;
        for (input, output) in rows(input, depth).zip(rows_mut(output, depth)) {
            let max = input.iter().fold(i8::MIN, |max, &x| max.max(x));
            let sum =
                input.iter().filter_map(|&x| self.exponential(x, max)).fold(0_i32, |sum, exponential| {
                    sum.wrapping_add(rounding_divide_by_pot(exponential, SUM_INTEGER_BITS))
                });
            let (scale, bits_over_unit) = reciprocal(sum, SUM_INTEGER_BITS as i32);
            // The output has 8 fractional bits.
            let exponent = (bits_over_unit + 31 - 8) as u32;
            for (output, &input) in output.iter_mut().zip(input) {
                let result = match self.exponential(input, max) {
                    Some(exponential) if exponent < 32 => {
                        let product = saturating_rounding_doubling_high_mul(scale, exponential);
                        rounding_divide_by_pot(product, exponent)
                    }
                    _ => 0,
                };
                *output = (result - 128).min(127) as i8;
            }
        }
        Ok(())
    }

    /// `exp(beta * scale * (x - max))` as Q0.31, or nothing where it is negligible.
    #[inline]
    fn exponential(&self, x: i8, max: i8) -> Option<i32> {
        let difference = i32::from(x) - i32::from(max);
        if difference < self.spec.diff_min {
            return None;
        }
        let shifted = difference.wrapping_shl(self.spec.input_shift as u32);
        let scaled = saturating_rounding_doubling_high_mul(shifted, self.spec.input_multiplier);
        Some(exp_on_negative_values(scaled))
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.rows, spec.depth]));
        ensure!(spec.beta.is_finite(), "beta of a SOFTMAX must be finite");
        Ok(Self { spec })
    }

    /// Input and output `rows × depth`. Exponentials are added in order.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        let Float32Spec { rows: n_rows, depth, beta } = self.spec;
        length("input", input.len(), n_rows * depth)?;
        length("output", output.len(), n_rows * depth)?;
        for (input, output) in rows(input, depth).zip(rows_mut(output, depth)) {
            let max = input.iter().fold(f32::MIN, |max, &x| if max < x { x } else { max });
            let mut sum = 0.0;
            for (output, &input) in output.iter_mut().zip(input) {
                *output = float::exp((input - max) * beta);
                sum += *output;
            }
            for output in output {
                *output /= sum;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
