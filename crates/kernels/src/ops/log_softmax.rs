//! LOG_SOFTMAX: `y[c] = x[c] - log(sum over k of exp(x[k]))` along the last axis.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::LogSoftmax` and `LogSoftmaxQuantized`, with gemmlowp's fixed-point
//! exponential and logarithm.

use crate::error::{attempt, elements, ensure, length, multiplier};
use crate::fixed::{clamp, multiply_by_quantized_multiplier, rounding_divide_by_pot};
use crate::gemmlowp::{exp_on_negative_values, log};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength, float};

/// Everything about an int8 LOG_SOFTMAX that is known when it is compiled. The output has scale 1/16, zero point 127.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Rows, each with its own sum.
    pub rows: usize,
    /// Elements of a row, at most 4095: exponentials are summed with 12 integer bits.
    pub depth: usize,
    /// `input scale * 2^26` as a Q0.31 …
    pub input_multiplier: i32,
    /// … and its exponent, in `0..=30`.
    pub input_shift: i32,
    /// `1 / (input scale * 2^26)` as a Q0.31 …
    pub reverse_multiplier: i32,
    /// … and its exponent, in `-31..=0`.
    pub reverse_shift: i32,
    /// Inputs that are further below the largest of the row count as nothing; at most 0.
    pub diff_min: i32,
}

/// Everything about a float LOG_SOFTMAX that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Rows, each with its own sum.
    pub rows: usize,
    /// Elements of a row.
    pub depth: usize,
}

/// Int8 LOG_SOFTMAX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    spec: Int8Spec,
}

/// Float LOG_SOFTMAX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
            "a row of an int8 LOG_SOFTMAX must have at most 4095 elements"
        );
        attempt!(multiplier(spec.input_multiplier, spec.input_shift));
        attempt!(multiplier(spec.reverse_multiplier, spec.reverse_shift));
        ensure!(
            spec.input_shift >= 0 && spec.reverse_shift <= 0,
            "the input of LOG_SOFTMAX must be shifted to the left, and back to the right"
        );
        ensure!(spec.diff_min <= 0, "the smallest difference of a LOG_SOFTMAX must be at most 0");
        Ok(Self { spec })
    }

    /// Input and output `rows × depth`.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        let Int8Spec { rows: n_rows, depth, diff_min, .. } = self.spec;
        length("input", input.len(), n_rows * depth)?;
        length("output", output.len(), n_rows * depth)?;
        for (input, output) in rows(input, depth).zip(rows_mut(output, depth)) {
            let max = i32::from(input.iter().fold(i8::MIN, |max, &x| max.max(x)));
            let differences = input.iter().map(|&x| i32::from(x) - max);
            let sum =
                differences.filter(|&difference| difference >= diff_min).fold(0_i32, |sum, difference| {
                    let exponential = exp_on_negative_values(self.scaled(difference));
                    sum.wrapping_add(rounding_divide_by_pot(exponential, SUM_INTEGER_BITS))
                });
            let log_sum = log(sum);
            // The smallest difference whose result is more than the lowest there is in Q5.26.
            let lowest = multiply_by_quantized_multiplier(
                log_sum.wrapping_add(i32::MIN),
                self.spec.reverse_multiplier,
                self.spec.reverse_shift,
            );
            let limit = lowest.max(diff_min - 1);
            for (output, &input) in output.iter_mut().zip(input) {
                let difference = i32::from(input) - max;
                *output = if difference > limit {
                    let result = self.scaled(difference).wrapping_sub(log_sum);
                    // From Q5.26 to 4 fractional bits.
                    clamp(rounding_divide_by_pot(result, 22) + 127, -128, 127)
                } else {
                    i8::MIN
                };
            }
        }
        Ok(())
    }

    /// A difference of inputs in Q5.26.
    #[inline(always)]
    fn scaled(&self, difference: i32) -> i32 {
        multiply_by_quantized_multiplier(difference, self.spec.input_multiplier, self.spec.input_shift)
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.rows, spec.depth]));
        Ok(Self { spec })
    }

    /// Input and output `rows × depth`. Exponentials are added in order.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        let Float32Spec { rows: n_rows, depth } = self.spec;
        length("input", input.len(), n_rows * depth)?;
        length("output", output.len(), n_rows * depth)?;
        for (input, output) in rows(input, depth).zip(rows_mut(output, depth)) {
            let max = input.iter().fold(f32::MIN, |max, &x| if max < x { x } else { max });
            let sum = input.iter().fold(0.0, |sum, &x| sum + float::exp(x - max));
            let log_sum = float::log(sum);
            for (output, &input) in output.iter_mut().zip(input) {
                *output = input - max - log_sum;
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

    /// Input scale 1/8: `2^-3 * 2^26 = 2^23 = 2^30 / 2^31 * 2^24`, and the radius is `31 * 2^26 / 2^24`.
    const EIGHTHS: Int8Spec = Int8Spec {
        rows: 1,
        depth: 4,
        input_multiplier: 1 << 30,
        input_shift: 24,
        reverse_multiplier: 1 << 30,
        reverse_shift: -22,
        diff_min: -124,
    };

    #[test]
    fn random_int8_rows_are_within_a_step_of_the_real_function() {
        for seed in 0..300 {
            let random = &mut Random::new(seed);
            let (rows, depth) = (random.size(1, 3), random.size(1, 40));
            let kernel = Int8::new(Int8Spec { rows, depth, ..EIGHTHS }).unwrap();
            let input = random.int8s(rows * depth);
            let mut output = vec![0; rows * depth];
            assert_eq!(kernel.run(&input, &mut output), Ok(()));
            for (input, output) in input.chunks(depth).zip(output.chunks(depth)) {
                let sum: f64 = input.iter().map(|&x| (f64::from(x) / 8.0).exp()).sum();
                let max = i32::from(*input.iter().max().unwrap());
                for (&x, &y) in input.iter().zip(output) {
                    if i32::from(x) - max < EIGHTHS.diff_min {
                        assert_eq!(y, -128);
                        continue;
                    }
                    let expected = ((f64::from(x) / 8.0 - sum.ln()) * 16.0 + 127.0).max(-128.0);
                    assert!((f64::from(y) - expected).abs() <= 0.51, "seed {seed}: {y} for {expected}");
                }
            }
        }
    }

    #[test]
    fn float_rows_by_hand() {
        let mut output = [0.0; 4];
        let kernel = Float32::new(Float32Spec { rows: 2, depth: 2 }).unwrap();
        assert_eq!(kernel.run(&[1.0, 1.0, -200.0, 0.0], &mut output), Ok(()));
        assert_eq!(output, [-core::f32::consts::LN_2, -core::f32::consts::LN_2, -200.0, 0.0]);
    }

    #[test]
    fn senseless_specifications_fail() {
        for wrong in [
            Int8Spec { depth: 4096, ..EIGHTHS },
            Int8Spec { input_multiplier: -1, ..EIGHTHS },
            Int8Spec { input_shift: -1, ..EIGHTHS },
            Int8Spec { reverse_shift: 1, ..EIGHTHS },
            Int8Spec { diff_min: 1, ..EIGHTHS },
        ] {
            assert!(Int8::new(wrong).is_err(), "{wrong:?}");
        }
        assert!(Float32::new(Float32Spec { rows: 0, depth: 1 }).is_err());
    }
}
