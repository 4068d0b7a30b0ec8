//! ADD_N: `y = a + b + …` of two to eight operands of one shape.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::AddN`. The int8 operands share scale and zero point and are shifted left
//! by 20 bits, scaled and summed as in ADD. The sum starts not from 0 but from the operands' 0 less their zero point,
//! scaled like an operand: TFLM's results are moved by it, and so are these.

use super::rescaled::{Rescale, Scale};
use crate::error::{attempt, elements, ensure, length};
use crate::{InvalidSpec, WrongLength};

/// The most operands that a kernel takes.
const MAX_OPERANDS: usize = 8;

/// Everything about an int8 ADD_N that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Elements of each operand.
    pub len: usize,
    /// Operands, from 2 to 8.
    pub n_operands: usize,
    /// The int8 value of a real 0 in the operands.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Bits that the operands gain before they are scaled.
    pub left_shift: i32,
    /// Scale of the operands to the common scale, a Q0.31.
    pub input_multiplier: i32,
    /// Its exponent, at most 0.
    pub input_shift: i32,
    /// Scale of the sum to the output, a Q0.31.
    pub output_multiplier: i32,
    /// Its exponent, at most 0.
    pub output_shift: i32,
}

/// Everything about a float ADD_N that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Elements of each operand.
    pub len: usize,
    /// Operands, from 2 to 8.
    pub n_operands: usize,
}

/// ADD_N of int8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    shape: Shape,
    input: Scale,
    output: Rescale,
}

/// ADD_N of float32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    shape: Shape,
}

/// Length and number of the operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    len: usize,
    n_operands: usize,
}

impl Shape {
    const fn new(len: usize, n_operands: usize) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[len]));
        ensure!(2 <= n_operands && n_operands <= MAX_OPERANDS, "ADD_N takes from 2 to 8 operands");
        Ok(Self { len, n_operands })
    }

    /// Checks the lengths; operands beyond the number of the specification must be empty.
    fn check<T>(&self, operands: &[&[T]; MAX_OPERANDS], output: &[T]) -> Result<(), WrongLength> {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        for (at, (operand, name)) in operands.iter().zip(names).enumerate() {
            length(name, operand.len(), if at < self.n_operands { self.len } else { 0 })?;
        }
        length("output", output.len(), self.len)
    }
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        ensure!(spec.output_shift <= 0, "the sum of ADD_N must not be shifted left by its scale");
        let input = [spec.input_zero_point, spec.left_shift, spec.input_multiplier, spec.input_shift];
        let scale = [spec.output_multiplier, spec.output_shift];
        Ok(Self {
            shape: attempt!(Shape::new(spec.len, spec.n_operands)),
            input: attempt!(Scale::new(input, -128, 127)),
            output: attempt!(Rescale::new(scale, spec.output_zero_point, [-128, 127], -128, 127)),
        })
    }

    /// Any shape, row-major. Operands beyond the number of the specification are empty.
    #[expect(clippy::too_many_arguments, reason = "an argument for each operand")]
    #[inline(never)]
    pub fn run(
        &self,
        a: &[i8],
        b: &[i8],
        c: &[i8],
        d: &[i8],
        e: &[i8],
        f: &[i8],
        g: &[i8],
        h: &[i8],
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        let operands = [a, b, c, d, e, f, g, h];
        self.shape.check(&operands, output)?;
        for (at, output) in output.iter_mut().enumerate() {
            let terms =
                operands.iter().filter_map(|operand| operand.get(at)).map(|&x| self.input.apply(x.into()));
            *output = self.output.apply(terms.fold(self.input.apply(0), i32::wrapping_add)) as i8;
        }
        Ok(())
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { shape: attempt!(Shape::new(spec.len, spec.n_operands)) })
    }

    /// Any shape, row-major. Operands beyond the number of the specification are empty.
    #[expect(clippy::too_many_arguments, reason = "an argument for each operand")]
    #[inline(never)]
    pub fn run(
        &self,
        a: &[f32],
        b: &[f32],
        c: &[f32],
        d: &[f32],
        e: &[f32],
        f: &[f32],
        g: &[f32],
        h: &[f32],
        output: &mut [f32],
    ) -> Result<(), WrongLength> {
        let operands = [a, b, c, d, e, f, g, h];
        self.shape.check(&operands, output)?;
        for (at, output) in output.iter_mut().enumerate() {
            *output = operands.iter().filter_map(|operand| operand.get(at)).fold(0.0, |sum, &x| sum + x);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_rows_are_added_by_hand() {
        let kernel = Float32::new(Float32Spec { len: 2, n_operands: 3 }).unwrap();
        let mut output = [0.0; 2];
        let [a, b, c] = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
        assert_eq!(kernel.run(&a, &b, &c, &[], &[], &[], &[], &[], &mut output), Ok(()));
        assert_eq!(output, [9.0, 12.0]);
        let missing = kernel.run(&a, &b, &[], &[], &[], &[], &[], &[], &mut output);
        assert_eq!(missing, Err(WrongLength { operand: "c", expected: 2, found: 0 }));
        assert!(Float32::new(Float32Spec { len: 2, n_operands: 9 }).is_err());
    }

    #[test]
    fn the_sum_of_int8_starts_at_minus_the_zero_point() {
        // All scales 1: operands are halved on the common scale, the sum doubled.
        let spec = Int8Spec {
            len: 2,
            n_operands: 2,
            input_zero_point: 5,
            output_zero_point: -3,
            left_shift: 20,
            input_multiplier: 1 << 30,
            input_shift: 0,
            output_multiplier: 1 << 30,
            output_shift: -18,
        };
        let mut output = [0; 2];
        let kernel = Int8::new(spec).unwrap();
        assert_eq!(kernel.run(&[5, 15], &[6, 25], &[], &[], &[], &[], &[], &[], &mut output), Ok(()));
        // 0 + 1 - 5 - 3 and 10 + 20 - 5 - 3.
        assert_eq!(output, [-7, 22]);
        assert!(Int8::new(Int8Spec { output_shift: 1, ..spec }).is_err());
        assert!(Int8::new(Int8Spec { n_operands: 1, ..spec }).is_err());
    }
}
