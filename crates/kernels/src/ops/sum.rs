//! SUM: `y = sum over the reduced axes of x`.
//!
//! Source: TensorFlow Lite Micro, `EvalSumHelper` with `reference_ops::QuantizedMeanOrSum` and `ReduceGeneric`.

use super::reduction::Reduction;
use crate::error::{attempt, ensure, length, multiplier, zero_point};
use crate::fixed::{Output, multiply_by_quantized_multiplier};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int8 SUM, or MEAN, that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Extents of the input with leading ones.
    pub shape: [usize; 6],
    /// Which of them are reduced.
    pub axes: [bool; 6],
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Input scale over output scale, a Q0.31; that of a MEAN is divided by the elements of a sum.
    pub multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub shift: i32,
}

/// Everything about an int16 SUM, or MEAN, that is known when it is compiled. The zero points are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Extents of the input with leading ones.
    pub shape: [usize; 6],
    /// Which of them are summed.
    pub axes: [bool; 6],
    /// Input scale over output scale, a Q0.31; that of a MEAN is divided by the elements of a sum.
    pub multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub shift: i32,
}

/// Everything about a float SUM that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Extents of the input with leading ones.
    pub shape: [usize; 6],
    /// Which of them are summed.
    pub axes: [bool; 6],
}

/// Int8 SUM or MEAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    reduction: Reduction,
    spec: Int8Spec,
    output: Output,
}

/// Int16 SUM or MEAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    reduction: Reduction,
    spec: Int16Spec,
}

/// Float SUM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    reduction: Reduction,
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(spec.input_zero_point));
        attempt!(multiplier(spec.multiplier, spec.shift));
        let reduction = attempt!(Reduction::new(spec.shape, spec.axes));
        // The zero points of one output must not pass the sum's 32 bits.
        ensure!(reduction.count <= 1 << 23, "an int8 sum must have at most 2^23 elements");
        Ok(Self { reduction, spec, output: attempt!(Output::new(spec.output_zero_point, -128, 127)) })
    }

    /// The output has the kept axes. A sum whose product with the left shift passes 32 bits wraps.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        length("input", input.len(), self.reduction.in_len)?;
        length("output", output.len(), self.reduction.out_len)?;
        let zeros = self.spec.input_zero_point * self.reduction.count as i32;
        let fold = |sum: i32, x| sum.wrapping_add(i32::from(x));
        self.reduction.apply(input, output, 0, fold, |sum| {
            let sum = sum.wrapping_sub(zeros);
            self.output.clamp(multiply_by_quantized_multiplier(sum, self.spec.multiplier, self.spec.shift))
        });
        Ok(())
    }
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(multiplier(spec.multiplier, spec.shift));
        Ok(Self { reduction: attempt!(Reduction::new(spec.shape, spec.axes)), spec })
    }

    /// The output has the kept axes. A sum past 32 bits wraps.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        length("input", input.len(), self.reduction.in_len)?;
        length("output", output.len(), self.reduction.out_len)?;
        let fold = |sum: i32, x| sum.wrapping_add(i32::from(x));
        self.reduction.apply(input, output, 0, fold, |sum| {
            let scaled = multiply_by_quantized_multiplier(sum, self.spec.multiplier, self.spec.shift);
            scaled.max(i16::MIN.into()).min(i16::MAX.into()) as i16
        });
        Ok(())
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { reduction: attempt!(Reduction::new(spec.shape, spec.axes)) })
    }

    /// The output has the kept axes. Elements are added in order.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        length("input", input.len(), self.reduction.in_len)?;
        length("output", output.len(), self.reduction.out_len)?;
        self.reduction.apply(input, output, 0.0, |sum, x| sum + x, |sum| sum);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::super::naive::{Random, quantize};
    use super::*;

    const ROWS: Int8Spec = Int8Spec {
        shape: [1, 1, 1, 1, 2, 3],
        axes: [false, false, false, false, false, true],
        input_zero_point: 1,
        output_zero_point: -2,
        multiplier: 1 << 30,
        shift: 0,
    };

    #[test]
    fn rows_by_hand() {
        // (0 + 1 + 2) / 2 rounds to 2 and (-3 + 3 - 127) / 2 to -63: the product rounds halves up.
        let mut output = [0; 2];
        assert_eq!(Int8::new(ROWS).unwrap().run(&[1, 2, 3, -2, 4, -126], &mut output), Ok(()));
        assert_eq!(output, [0, -65]);
        let spec = Float32Spec { shape: ROWS.shape, axes: [true; 6] };
        let mut output = [0.0];
        assert_eq!(Float32::new(spec).unwrap().run(&[1.0, 2.0, 3.0, 4.0, 5.0, 0.5], &mut output), Ok(()));
        assert_eq!(output, [15.5]);
    }

    #[test]
    fn random_columns_equal_the_plain_sum() {
        for seed in 0..300 {
            let random = &mut Random::new(seed);
            let (rows, columns) = (random.size(1, 40), random.size(1, 80));
            let (shape, axes) = ([1, 1, 1, 1, rows, columns], [true, false, true, false, true, false]);
            let input_zero_point = random.within(-128, 127) as i32;
            let output_zero_point = random.within(-128, 127) as i32;
            let multiplier = random.within(1 << 30, i32::MAX.into()) as i32;
            let shift = random.within(-8, 1) as i32;
            let spec = Int8Spec { shape, axes, input_zero_point, output_zero_point, multiplier, shift };
            let input = random.int8s(rows * columns);
            let mut output = vec![0; columns];
            assert_eq!(Int8::new(spec).unwrap().run(&input, &mut output), Ok(()));
            let wide = input.iter().map(|&x| i16::from(x) * 200).collect::<vec::Vec<_>>();
            let mut wide_output = vec![0; columns];
            let kernel = Int16::new(Int16Spec { shape, axes, multiplier, shift }).unwrap();
            assert_eq!(kernel.run(&wide, &mut wide_output), Ok(()));
            for column in 0..columns {
                let sum = input.iter().skip(column).step_by(columns).map(|&x| i64::from(x)).sum::<i64>();
                let shifted = sum - i64::from(input_zero_point) * rows as i64;
                let expected = quantize(shifted, multiplier, shift, output_zero_point, (-128, 127));
                assert_eq!(output[column], expected, "seed {seed}");
                let expected = super::super::naive::scale(i128::from(sum * 200), multiplier, shift);
                let expected = expected.clamp(i16::MIN.into(), i16::MAX.into());
                assert_eq!(i128::from(wide_output[column]), expected, "seed {seed}");
            }
        }
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        for wrong in [
            Int8Spec { shape: [1, 1, 0, 1, 1, 1], ..ROWS },
            Int8Spec { shape: [1, 1, 1, 1, 1, 1 << 24], ..ROWS },
            Int8Spec { input_zero_point: 128, ..ROWS },
            Int8Spec { output_zero_point: -129, ..ROWS },
            Int8Spec { multiplier: -1, ..ROWS },
            Int8Spec { shift: 31, ..ROWS },
        ] {
            assert!(Int8::new(wrong).is_err(), "{wrong:?}");
        }
        let wrong = WrongLength { operand: "output", expected: 2, found: 1 };
        assert_eq!(Int8::new(ROWS).unwrap().run(&[0; 6], &mut [0; 1]), Err(wrong));
    }
}
