//! MEAN: `y = sum over the reduced axes of x / their elements`.
//!
//! Source: TensorFlow Lite Micro, `EvalMeanHelper`, which computes quantised means in one of three ways:
//! `reference_ops::Mean` truncates where scale and zero point stay; `reference_integer_ops::Mean` (of height and width
//! of a rank 4, kept as extents of 1) scales the sum, then divides it; `QuantizedMeanOrSum` divides the multiplier.

use super::reduction::Reduction;
use crate::error::{attempt, ensure, length, multiplier, zero_point};
use crate::fixed::multiply_by_quantized_multiplier;
use crate::{InvalidSpec, WrongLength};

/// Everything about an int8 MEAN that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Extents of the input with leading ones.
    pub shape: [usize; 6],
    /// Which of them the mean is taken over.
    pub axes: [bool; 6],
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Scale of the sum to the output, a Q0.31. Where the sum is not divided, a division by the count is in it.
    pub multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub shift: i32,
    /// Whether the sum is divided by the count.
    pub divide: bool,
    /// Whether the sum keeps its zero point and scale and the division truncates; the other numbers then say nothing.
    pub truncate: bool,
}

/// Everything about an int16 MEAN that is known when it is compiled. The zero points are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Extents of the input with leading ones.
    pub shape: [usize; 6],
    /// Which of them the mean is taken over.
    pub axes: [bool; 6],
    /// Scale of the sum to the output, a Q0.31. Where the sum is not divided, a division by the count is in it.
    pub multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub shift: i32,
    /// Whether the sum is divided by the count.
    pub divide: bool,
    /// Whether the sum keeps its scale and the division truncates; the other numbers then say nothing.
    pub truncate: bool,
}

/// Everything about a float MEAN that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Extents of the input with leading ones.
    pub shape: [usize; 6],
    /// Which of them the mean is taken over.
    pub axes: [bool; 6],
}

/// Int8 MEAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    mean: Mean,
}

/// Int16 MEAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    mean: Mean,
}

/// Float MEAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    reduction: Reduction,
}

/// What the quantised kernels share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mean {
    reduction: Reduction,
    /// The input's zero point times the count.
    zeros: i32,
    output_zero_point: i32,
    multiplier: i32,
    shift: i32,
    divide: bool,
    truncate: bool,
}

impl Mean {
    const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(spec.input_zero_point));
        attempt!(zero_point(spec.output_zero_point));
        attempt!(multiplier(spec.multiplier, spec.shift));
        let reduction = attempt!(Reduction::new(spec.shape, spec.axes));
        ensure!(reduction.count <= 1 << 23, "a quantised mean must have at most 2^23 elements");
        Ok(Self {
            reduction,
            zeros: spec.input_zero_point * reduction.count as i32,
            output_zero_point: spec.output_zero_point,
            multiplier: spec.multiplier,
            shift: spec.shift,
            divide: spec.divide,
            truncate: spec.truncate,
        })
    }

    #[inline(always)]
    fn run<T: Copy + Into<i32>>(
        &self,
        input: &[T],
        output: &mut [T],
        store: impl Fn(i32) -> T,
    ) -> Result<(), WrongLength> {
        length("input", input.len(), self.reduction.in_len)?;
        length("output", output.len(), self.reduction.out_len)?;
        let fold = |sum: i32, x: T| sum.wrapping_add(x.into());
        self.reduction.apply(input, output, 0, fold, |sum| store(self.finish(sum)));
        Ok(())
    }

    /// The output, not yet clamped, of a sum.
    #[inline(always)]
    fn finish(&self, sum: i32) -> i32 {
        // At least 1 and at most 2^23, so that division cannot fail.
        let count = (self.reduction.count as i32).max(1);
        if self.truncate {
            return sum / count;
        }
        let scaled =
            multiply_by_quantized_multiplier(sum.wrapping_sub(self.zeros), self.multiplier, self.shift);
        let mean = if self.divide {
            let half = count / 2;
            scaled.wrapping_add(if scaled > 0 { half } else { -half }) / count
        } else {
            scaled
        };
        mean.wrapping_add(self.output_zero_point)
    }
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { mean: attempt!(Mean::new(spec)) })
    }

    /// The output has the kept axes.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        self.mean.run(input, output, |mean| mean.max(i8::MIN.into()).min(i8::MAX.into()) as i8)
    }
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        let Int16Spec { shape, axes, multiplier, shift, divide, truncate } = spec;
        let (input_zero_point, output_zero_point) = (0, 0);
        let spec = Int8Spec {
            shape,
            axes,
            input_zero_point,
            output_zero_point,
            multiplier,
            shift,
            divide,
            truncate,
        };
        Ok(Self { mean: attempt!(Mean::new(spec)) })
    }

    /// The output has the kept axes. A sum past 32 bits wraps.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        self.mean.run(input, output, |mean| mean.max(i16::MIN.into()).min(i16::MAX.into()) as i16)
    }
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
    use std::vec;
    use std::vec::Vec;

    use super::super::naive::{Random, scale};
    use super::*;

    /// Height and width of `1 x 2 x 2 x 2`.
    const PIXELS: Int8Spec = Int8Spec {
        shape: [1, 1, 1, 2, 2, 2],
        axes: [false, false, false, true, true, false],
        input_zero_point: 3,
        output_zero_point: -1,
        multiplier: 1 << 30,
        shift: 1,
        divide: true,
        truncate: false,
    };

    fn run(spec: Int8Spec, input: &[i8]) -> Vec<i8> {
        let mut output = vec![0; 2];
        assert_eq!(Int8::new(spec).unwrap().run(input, &mut output), Ok(()));
        output
    }

    #[test]
    fn the_three_ways_by_hand() {
        let input = [4, 3, 4, 3, 5, 3, 5, -4];
        // 6 / 4 and -7 / 4, halves away from zero.
        assert_eq!(run(PIXELS, &input), [1, -3]);
        // 18 / 4 and 5 / 4, truncated.
        assert_eq!(run(Int8Spec { truncate: true, ..PIXELS }, &input), [4, 1]);
        // 6 * 0.25 and -7 * 0.25, the product rounded up and the division away from zero.
        assert_eq!(run(Int8Spec { shift: -1, divide: false, ..PIXELS }, &input), [1, -3]);
    }

    #[test]
    fn float_means_by_hand() {
        let spec = Float32Spec { shape: PIXELS.shape, axes: PIXELS.axes };
        let mut output = [0.0; 2];
        let input = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0, 4.0, 42.0];
        assert_eq!(Float32::new(spec).unwrap().run(&input, &mut output), Ok(()));
        assert_eq!(output, [2.5, 25.5]);
    }

    #[test]
    fn random_rows_equal_the_plain_mean() {
        for seed in 0..300 {
            let random = &mut Random::new(seed);
            let (rows, columns) = (random.size(1, 9), random.size(1, 60));
            let (shape, axes) = ([rows, 1, 1, columns, 1, 1], [false, true, true, true, false, true]);
            let zero_points = [0; 2].map(|_| random.within(-128, 127) as i32);
            let multiplier = random.within(1 << 30, i32::MAX.into()) as i32;
            let shift = random.within(-3, 1) as i32;
            let (divide, truncate) = (random.bits().is_multiple_of(2), random.bits().is_multiple_of(4));
            let [input_zero_point, output_zero_point] = zero_points;
            let spec = Int8Spec {
                shape,
                axes,
                input_zero_point,
                output_zero_point,
                multiplier,
                shift,
                divide,
                truncate,
            };
            let input = random.int8s(rows * columns);
            let wide: Vec<i16> = input.iter().map(|&x| i16::from(x) * 250 - 700).collect();
            let (mut output, mut wide_output) = (vec![0; rows], vec![0; rows]);
            assert_eq!(Int8::new(spec).unwrap().run(&input, &mut output), Ok(()));
            let spec = Int16Spec { shape, axes, multiplier, shift, divide, truncate };
            assert_eq!(Int16::new(spec).unwrap().run(&wide, &mut wide_output), Ok(()));
            let mean = |sum: i128, [zero, out_zero]: [i32; 2]| {
                let count = columns as i128;
                if truncate {
                    return sum / count;
                }
                let scaled = scale(sum - i128::from(zero) * count, multiplier, shift);
                let half = if scaled > 0 { count / 2 } else { -(count / 2) };
                let mean = if divide { (scaled + half) / count } else { scaled };
                mean + i128::from(out_zero)
            };
            for row in 0..rows {
                let values = &input[row * columns..][..columns];
                let expected = mean(values.iter().map(|&x| i128::from(x)).sum(), zero_points);
                assert_eq!(i128::from(output[row]), expected.clamp(-128, 127), "seed {seed}");
                let values = &wide[row * columns..][..columns];
                let expected = mean(values.iter().map(|&x| i128::from(x)).sum(), [0, 0]);
                let expected = expected.clamp(i16::MIN.into(), i16::MAX.into());
                assert_eq!(i128::from(wide_output[row]), expected, "seed {seed}");
            }
        }
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        for wrong in [
            Int8Spec { shape: [0; 6], ..PIXELS },
            Int8Spec { shape: [1, 1, 1, 1 << 24, 1, 1], ..PIXELS },
            Int8Spec { input_zero_point: -129, ..PIXELS },
            Int8Spec { output_zero_point: 128, ..PIXELS },
            Int8Spec { multiplier: -1, ..PIXELS },
            Int8Spec { shift: -32, ..PIXELS },
        ] {
            assert!(Int8::new(wrong).is_err(), "{wrong:?}");
        }
        let wrong = WrongLength { operand: "input", expected: 8, found: 2 };
        assert_eq!(Int8::new(PIXELS).unwrap().run(&[0; 2], &mut [0; 2]), Err(wrong));
    }
}
