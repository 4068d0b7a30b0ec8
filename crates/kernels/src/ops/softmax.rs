//! SOFTMAX: `y[c] = exp(beta * x[c]) / sum over k of exp(beta * x[k])` along the last axis.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::Softmax`, for int8 with gemmlowp's fixed-point exponential, and
//! `reference_ops::SoftmaxInt16`, with tables.

use crate::elementwise::{interpolate, table_int16};
use crate::error::{attempt, elements, ensure, length, multiplier};
use crate::fixed::{
    multiply_by_quantized_multiplier, rounding_divide_by_pot, saturating_rounding_doubling_high_mul,
};
use crate::gemmlowp::{exp_on_negative_values, reciprocal};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength, float};

/// Everything about a SOFTMAX of int8 that is known when it is compiled. The int8 output has scale 1/256, zero point -128.
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

/// Everything about an int16 SOFTMAX that is known when it is compiled. The output has scale `2^-15`, zero point 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Rows, each with its own sum.
    pub rows: usize,
    /// Elements of a row, at most 65536: exponentials are summed in 32 bits.
    pub depth: usize,
    /// `beta * input scale * 6553.5` as a Q0.31 …
    pub input_multiplier: i32,
    /// … and its exponent, in `-31..=30`.
    pub input_shift: i32,
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

/// SOFTMAX from int8 to int16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8ToInt16 {
    spec: Int8Spec,
}

/// Int16 SOFTMAX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    spec: Int16Spec,
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
        self.spec.run::<i8, 8>(input, output, |y| (y - 128).min(127) as i8)
    }
}

impl Int8ToInt16 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { spec: attempt!(Int8::new(spec)).spec })
    }

    /// Input and output `rows × depth`. The output has scale `2^-16` and zero point -32768.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i16]) -> Result<(), WrongLength> {
        self.spec.run::<i16, 16>(input, output, |y| (y - 32_768).min(32_767) as i16)
    }
}

impl Int8Spec {
    /// Stores `narrow` of every result with `BITS` fractional bits.
    #[inline(always)]
    fn run<T, const BITS: i32>(
        &self,
        input: &[i8],
        output: &mut [T],
        narrow: impl Fn(i32) -> T,
    ) -> Result<(), WrongLength> {
        let Int8Spec { rows: n_rows, depth, .. } = *self;
        length("input", input.len(), n_rows * depth)?;
        length("output", output.len(), n_rows * depth)?;
        for (input, output) in rows(input, depth).zip(rows_mut(output, depth)) {
            let max = input.iter().fold(i8::MIN, |max, &x| max.max(x));
            let sum =
                input.iter().filter_map(|&x| self.exponential(x, max)).fold(0_i32, |sum, exponential| {
                    sum.wrapping_add(rounding_divide_by_pot(exponential, SUM_INTEGER_BITS))
                });
            let (scale, bits_over_unit) = reciprocal(sum, SUM_INTEGER_BITS as i32);
            let exponent = (bits_over_unit + 31 - BITS) as u32;
            for (output, &input) in output.iter_mut().zip(input) {
                let result = match self.exponential(input, max) {
                    Some(exponential) if exponent < 32 => {
                        let product = saturating_rounding_doubling_high_mul(scale, exponential);
                        rounding_divide_by_pot(product, exponent)
                    }
                    _ => 0,
                };
                *output = narrow(result);
            }
        }
        Ok(())
    }

    /// `exp(beta * scale * (x - max))` as Q0.31, or nothing where it is negligible.
    #[inline]
    fn exponential(&self, x: i8, max: i8) -> Option<i32> {
        let difference = i32::from(x) - i32::from(max);
        if difference < self.diff_min {
            return None;
        }
        let shifted = difference.wrapping_shl(self.input_shift as u32);
        let scaled = saturating_rounding_doubling_high_mul(shifted, self.input_multiplier);
        Some(exp_on_negative_values(scaled))
    }
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.rows, spec.depth]));
        ensure!(spec.depth <= 65_536, "a row of an int16 SOFTMAX must have at most 65536 elements");
        attempt!(multiplier(spec.input_multiplier, spec.input_shift));
        Ok(Self { spec })
    }

    /// Input and output `rows × depth`. The tables have 513 entries over the int16 range: `exponential` of `e^x` for `x`
    /// from -10 to 0, `reciprocal` of `1 / (1 + x)` for `x` from 0 to 1, in steps of `2^-15`.
    #[inline(never)]
    pub fn run(
        &self,
        input: &[i16],
        exponential: &[i16],
        reciprocal: &[i16],
        output: &mut [i16],
    ) -> Result<(), WrongLength> {
        let Int16Spec { rows: n_rows, depth, input_multiplier, input_shift } = self.spec;
        length("input", input.len(), n_rows * depth)?;
        length("output", output.len(), n_rows * depth)?;
        let exponentials = table_int16("exponential", exponential)?;
        let reciprocals = table_int16("reciprocal", reciprocal)?;
        for (input, output) in rows(input, depth).zip(rows_mut(output, depth)) {
            let max = i32::from(input.iter().fold(i16::MIN, |max, &x| max.max(x)));
            let mut sum = 0_i32;
            for (output, &input) in output.iter_mut().zip(input) {
                let scaled =
                    multiply_by_quantized_multiplier(i32::from(input) - max, input_multiplier, input_shift);
                *output = interpolate(exponentials, saturate(scaled.wrapping_add(32_767)));
                sum = sum.wrapping_add((*output).into());
            }
            // The sum as 1 + x in Q1.16, x centred on the table.
            let zeros = (sum as u32).leading_zeros();
            let normal = ((i64::from(sum) << zeros >> 1) + (1 << 13)) >> 14;
            let scale = interpolate(reciprocals, saturate(normal as i32 - (1 << 15) - (1 << 16)));
            let shift = 31_u32.saturating_sub(zeros);
            let half = (1_i64 << shift) / 2;
            for output in output {
                let y = (i64::from(*output) * i64::from(scale) + half) >> shift;
                *output = (y as i32).clamp(0, 32_767) as i16;
            }
        }
        Ok(())
    }
}

/// The nearest int16.
#[inline(always)]
fn saturate(x: i32) -> i16 {
    x.clamp(i16::MIN.into(), i16::MAX.into()) as i16
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
