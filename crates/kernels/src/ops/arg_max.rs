//! ARG_MAX: `y = the first index along an axis where x is largest`.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::ArgMinMax`.

use super::extremes::Extremes;
pub use super::extremes::Index;
use crate::error::attempt;
use crate::memory::Pod;
use crate::{InvalidSpec, WrongLength};

/// Everything about an ARG_MAX that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Elements of the axes before the searched one.
    pub outer: usize,
    /// Elements of the searched axis.
    pub depth: usize,
    /// Elements of the axes after it.
    pub inner: usize,
}

/// ARG_MAX of elements that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    extremes: Extremes,
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { extremes: attempt!(Extremes::new(spec.outer, spec.depth, spec.inner)) })
    }

    /// Input `outer × depth × inner`, output `outer × inner`. NaN never beats another element.
    #[inline(never)]
    pub fn run<T: Pod + PartialOrd, I: Index>(
        &self,
        input: &[T],
        output: &mut [I],
    ) -> Result<(), WrongLength> {
        self.extremes.find(input, output, |x, best| x > best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equals_wins_by_hand() {
        let mut output = [9_i32; 2];
        let rows = Spec { outer: 2, depth: 3, inner: 1 };
        assert_eq!(Any::new(rows).unwrap().run(&[-1_i8, 5, 5, -3, -128, -128], &mut output), Ok(()));
        assert_eq!(output, [1, 0]);
        let mut output = [9_i64; 4];
        let columns = Spec { outer: 2, depth: 2, inner: 2 };
        let input = [0.5_f32, -0.5, 0.25, 0.0, f32::NAN, 1.0, 2.0, f32::NAN];
        assert_eq!(Any::new(columns).unwrap().run(&input, &mut output), Ok(()));
        assert_eq!(output, [0, 1, 0, 0]);
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        let spec = Spec { outer: 2, depth: 3, inner: 1 };
        assert!(Any::new(Spec { depth: 0, ..spec }).is_err());
        assert!(Any::new(Spec { outer: usize::MAX, ..spec }).is_err());
        let wrong = WrongLength { operand: "output", expected: 2, found: 3 };
        assert_eq!(Any::new(spec).unwrap().run(&[0_i8; 6], &mut [0_i32; 3]), Err(wrong));
    }
}
