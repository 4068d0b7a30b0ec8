//! REDUCE_MIN: `y = the smallest x of the reduced axes`.
//!
//! Source: TensorFlow Lite Micro, `EvalMinHelper` with `reference_ops::ReduceGeneric`. Scale and zero point stay.

use super::reduction::Reduction;
use crate::error::{attempt, length};
use crate::{InvalidSpec, WrongLength};

/// Everything about a REDUCE_MIN that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Extents of the input with leading ones.
    pub shape: [usize; 6],
    /// Which of them are reduced.
    pub axes: [bool; 6],
}

/// REDUCE_MIN of elements that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    reduction: Reduction,
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { reduction: attempt!(Reduction::new(spec.shape, spec.axes)) })
    }

    /// The output has the kept axes. NaN is passed over.
    #[inline(never)]
    pub fn run<T: Bounded>(&self, input: &[T], output: &mut [T]) -> Result<(), WrongLength> {
        length("input", input.len(), self.reduction.in_len)?;
        length("output", output.len(), self.reduction.out_len)?;
        let fold = |best: T, x: T| if x < best { x } else { best };
        self.reduction.apply(input, output, T::HIGHEST, fold, |best| best);
        Ok(())
    }
}

/// Elements that can be compared, and their highest finite value.
pub trait Bounded: crate::memory::Pod + PartialOrd {
    /// The highest finite value.
    const HIGHEST: Self;
}

impl Bounded for f32 {
    const HIGHEST: Self = f32::MAX;
}

impl Bounded for i8 {
    const HIGHEST: Self = i8::MAX;
}

impl Bounded for i16 {
    const HIGHEST: Self = i16::MAX;
}

impl Bounded for i32 {
    const HIGHEST: Self = i32::MAX;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_by_hand() {
        let rows = Spec { shape: [1, 1, 1, 1, 2, 3], axes: [false, false, false, false, false, true] };
        let mut output = [0_i8; 2];
        assert_eq!(Any::new(rows).unwrap().run(&[-7, -128, -5, 1, 127, 3], &mut output), Ok(()));
        assert_eq!(output, [-128, 1]);
        let columns = Spec { axes: [true, true, true, true, true, false], ..rows };
        let mut output = [0.0_f32; 3];
        let input = [1.0, f32::NAN, f32::INFINITY, -2.0, 4.0, f32::INFINITY];
        assert_eq!(Any::new(columns).unwrap().run(&input, &mut output), Ok(()));
        // As in the source, nothing is above the highest finite value.
        assert_eq!(output, [-2.0, 4.0, f32::MAX]);
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        let spec = Spec { shape: [1, 1, 1, 1, 2, 2], axes: [true; 6] };
        assert!(Any::new(Spec { shape: [0; 6], ..spec }).is_err());
        let wrong = WrongLength { operand: "output", expected: 1, found: 2 };
        assert_eq!(Any::new(spec).unwrap().run(&[0_i16; 4], &mut [0; 2]), Err(wrong));
    }
}
