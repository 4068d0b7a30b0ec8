//! CUMSUM: `y[i] = sum over k <= i of x[k]` along an axis; exclusive sums leave `x[i]` out, reverse ones start at the end.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::CumSum`. The int8 kernel starts every sum at minus the input's zero
//! point instead of at 0, as its source does.

use crate::error::{attempt, elements, ensure, length, multiplier, zero_point};
use crate::fixed::{Output, requantize};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int8 CUMSUM that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Elements of the axes before the summed one.
    pub outer: usize,
    /// Elements of the summed axis.
    pub depth: usize,
    /// Elements of the axes after it.
    pub inner: usize,
    /// Whether an element is left out of its own sum.
    pub exclusive: bool,
    /// Whether sums start at the end of the axis.
    pub reverse: bool,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Input scale over output scale over 2^19, a Q0.31.
    pub multiplier: i32,
    /// Its exponent, at most 0.
    pub shift: i32,
}

/// Everything about a float CUMSUM that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Elements of the axes before the summed one.
    pub outer: usize,
    /// Elements of the summed axis.
    pub depth: usize,
    /// Elements of the axes after it.
    pub inner: usize,
    /// Whether an element is left out of its own sum.
    pub exclusive: bool,
    /// Whether sums start at the end of the axis.
    pub reverse: bool,
}

/// Int8 CUMSUM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    scan: Scan,
    input_zero_point: i32,
    multiplier: i32,
    shift: i32,
    output: Output,
}

/// Float CUMSUM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    scan: Scan,
}

/// Fractional bits of the int8 sums: TFLite shifts by 20 and halves.
const FRACTION_BITS: u32 = 19;

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        let Int8Spec { outer, depth, inner, exclusive, reverse, .. } = spec;
        attempt!(zero_point(spec.input_zero_point));
        attempt!(multiplier(spec.multiplier, spec.shift));
        ensure!(spec.shift <= 0, "the sums of CUMSUM must not be shifted left by their scale");
        Ok(Self {
            scan: attempt!(Scan::new(outer, depth, inner, exclusive, reverse)),
            input_zero_point: spec.input_zero_point,
            multiplier: spec.multiplier,
            shift: spec.shift,
            output: attempt!(Output::new(spec.output_zero_point, -128, 127)),
        })
    }

    /// Input and output `outer × depth × inner`. Sums past 12 integer bits wrap.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        let fixed = |x: i32| (x - self.input_zero_point) << FRACTION_BITS;
        self.scan.apply(
            input,
            output,
            fixed(0),
            |sum: i32, x| sum.wrapping_add(fixed(x.into())),
            |sum| requantize(sum, self.multiplier, self.shift, self.output),
        )
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        let Float32Spec { outer, depth, inner, exclusive, reverse } = spec;
        Ok(Self { scan: attempt!(Scan::new(outer, depth, inner, exclusive, reverse)) })
    }

    /// Input and output `outer × depth × inner`.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        self.scan.apply(input, output, 0.0, |sum, x| sum + x, |sum| sum)
    }
}

/// A tensor as `outer × depth × inner`, summed along `depth`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scan {
    outer: usize,
    depth: usize,
    inner: usize,
    exclusive: bool,
    reverse: bool,
}

impl Scan {
    const fn new(
        outer: usize,
        depth: usize,
        inner: usize,
        exclusive: bool,
        reverse: bool,
    ) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[outer, depth, inner]));
        Ok(Self { outer, depth, inner, exclusive, reverse })
    }

    /// Stores what `finish` makes of the sum at each element.
    #[inline(always)]
    fn apply<T: Copy, A: Copy>(
        &self,
        input: &[T],
        output: &mut [T],
        start: A,
        add: impl Fn(A, T) -> A,
        finish: impl Fn(A) -> T,
    ) -> Result<(), WrongLength> {
        let len = self.outer * self.depth * self.inner;
        length("input", input.len(), len)?;
        length("output", output.len(), len)?;
        let (block, step) = (self.depth * self.inner, self.inner.max(1));
        for (input, output) in rows(input, block).zip(rows_mut(output, block)) {
            for column in 0..self.inner {
                let mut sum = start;
                let mut next = |(&x, y): (&T, &mut T)| {
                    let before = sum;
                    sum = add(sum, x);
                    *y = finish(if self.exclusive { before } else { sum });
                };
                let inputs = input.iter().skip(column).step_by(step);
                let outputs = output.iter_mut().skip(column).step_by(step);
                if self.reverse {
                    inputs.zip(outputs).rev().for_each(&mut next);
                } else {
                    inputs.zip(outputs).for_each(&mut next);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::super::naive::{Random, quantize};
    use super::*;

    const PLAIN: Float32Spec = Float32Spec { outer: 1, depth: 3, inner: 2, exclusive: false, reverse: false };

    fn run(spec: Float32Spec) -> [f32; 6] {
        let mut output = [0.0; 6];
        let input = [1.0, 10.0, 2.0, 20.0, 4.0, 40.0];
        assert_eq!(Float32::new(spec).unwrap().run(&input, &mut output), Ok(()));
        output
    }

    #[test]
    fn the_four_directions_by_hand() {
        assert_eq!(run(PLAIN), [1.0, 10.0, 3.0, 30.0, 7.0, 70.0]);
        assert_eq!(run(Float32Spec { exclusive: true, ..PLAIN }), [0.0, 0.0, 1.0, 10.0, 3.0, 30.0]);
        assert_eq!(run(Float32Spec { reverse: true, ..PLAIN }), [7.0, 70.0, 6.0, 60.0, 4.0, 40.0]);
        let both = Float32Spec { exclusive: true, reverse: true, ..PLAIN };
        assert_eq!(run(both), [6.0, 60.0, 4.0, 40.0, 0.0, 0.0]);
        assert_eq!(
            run(Float32Spec { outer: 2, depth: 3, inner: 1, ..PLAIN }),
            [1.0, 11.0, 13.0, 20.0, 24.0, 64.0]
        );
    }

    #[test]
    fn random_int8_sums_equal_the_plain_ones() {
        for seed in 0..300 {
            let random = &mut Random::new(seed);
            // Sums of up to 15 elements stay within 12 integer bits.
            let [outer, depth, inner] = [random.size(1, 3), random.size(1, 15), random.size(1, 4)];
            let [exclusive, reverse] = [0; 2].map(|_| random.bits().is_multiple_of(2));
            let [input_zero_point, output_zero_point] = [0; 2].map(|_| random.within(-128, 127) as i32);
            let multiplier = random.within(1 << 30, i32::MAX.into()) as i32;
            let shift = random.within(-22, -16) as i32;
            let spec = Int8Spec {
                outer,
                depth,
                inner,
                exclusive,
                reverse,
                input_zero_point,
                output_zero_point,
                multiplier,
                shift,
            };
            let len = outer * depth * inner;
            let (input, mut output) = (random.int8s(len), vec![0; len]);
            assert_eq!(Int8::new(spec).unwrap().run(&input, &mut output), Ok(()));
            for (at, &found) in output.iter().enumerate() {
                let (block, row) = (at / (depth * inner), at / inner % depth);
                let summed = (0..depth).filter(|&k| {
                    let before = if reverse { k > row } else { k < row };
                    before || k == row && !exclusive
                });
                let zero = i64::from(input_zero_point);
                let values =
                    summed.map(|k| i64::from(input[(block * depth + k) * inner + at % inner]) - zero);
                let sum = (values.sum::<i64>() - zero) << 19;
                let expected = quantize(sum, multiplier, shift, output_zero_point, (-128, 127));
                assert_eq!(found, expected, "seed {seed} at {at}");
            }
        }
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        assert!(Float32::new(Float32Spec { depth: 0, ..PLAIN }).is_err());
        let spec = Int8Spec {
            outer: 1,
            depth: 3,
            inner: 2,
            exclusive: false,
            reverse: false,
            input_zero_point: 0,
            output_zero_point: 0,
            multiplier: 1 << 30,
            shift: -18,
        };
        for wrong in [
            Int8Spec { inner: 0, ..spec },
            Int8Spec { input_zero_point: 128, ..spec },
            Int8Spec { output_zero_point: -129, ..spec },
            Int8Spec { multiplier: -1, ..spec },
            Int8Spec { shift: 1, ..spec },
        ] {
            assert!(Int8::new(wrong).is_err(), "{wrong:?}");
        }
        let wrong = WrongLength { operand: "input", expected: 6, found: 5 };
        assert_eq!(Int8::new(spec).unwrap().run(&[0; 5], &mut [0; 6]), Err(wrong));
    }
}
