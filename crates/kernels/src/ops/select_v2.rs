//! SELECT_V2 and SELECT: `y = a` where the condition is true, else `b`; an extent of 1 stretches to the others'.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::Select` and `BroadcastSelect5DSlow`. A truth value is a byte; every byte
//! but 0 is true.

use super::broadcast::{advance, at, stretched, strides};
use crate::error::{attempt, elements, length};
use crate::memory::Pod;
use crate::{InvalidSpec, WrongLength};

/// Everything about a SELECT_V2 that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Extents of the condition with leading ones.
    pub condition_shape: [usize; 6],
    /// Extents of `a` with leading ones.
    pub a_shape: [usize; 6],
    /// Extents of `b` with leading ones.
    pub b_shape: [usize; 6],
}

/// SELECT_V2 of elements of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    spec: Spec,
    out_shape: [usize; 6],
    lens: [usize; 4],
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        let out_shape =
            attempt!(stretched(attempt!(stretched(spec.a_shape, spec.b_shape)), spec.condition_shape));
        let lens = [
            attempt!(elements(&spec.condition_shape)),
            attempt!(elements(&spec.a_shape)),
            attempt!(elements(&spec.b_shape)),
            attempt!(elements(&out_shape)),
        ];
        Ok(Self { spec, out_shape, lens })
    }

    /// The output has the largest of the extents on each axis.
    #[inline(never)]
    pub fn run<T: Pod>(
        &self,
        condition: &[u8],
        a: &[T],
        b: &[T],
        output: &mut [T],
    ) -> Result<(), WrongLength> {
        let [condition_len, a_len, b_len, out_len] = self.lens;
        length("condition", condition.len(), condition_len)?;
        length("a", a.len(), a_len)?;
        length("b", b.len(), b_len)?;
        length("output", output.len(), out_len)?;
        if condition_len == out_len && a_len == out_len && b_len == out_len {
            for (((output, &condition), &a), &b) in output.iter_mut().zip(condition).zip(a).zip(b) {
                *output = if condition != 0 { a } else { b };
            }
            return Ok(());
        }
        let of = strides(self.spec.condition_shape);
        let (of_a, of_b) = (strides(self.spec.a_shape), strides(self.spec.b_shape));
        let mut index = [0; 6];
        for output in output {
            let chosen = if condition.get(at(&index, &of)).is_some_and(|&condition| condition != 0) {
                a.get(at(&index, &of_a))
            } else {
                b.get(at(&index, &of_b))
            };
            if let Some(&chosen) = chosen {
                *output = chosen;
            }
            advance(&mut index, &self.out_shape);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_scalars_stretch_by_hand() {
        let spec = Spec { condition_shape: [1, 1, 1, 1, 2, 1], a_shape: [1, 1, 1, 1, 1, 3], b_shape: [1; 6] };
        let mut output = [0; 6];
        assert_eq!(Any::new(spec).unwrap().run::<u16>(&[1, 0], &[1, 2, 3], &[9], &mut output), Ok(()));
        assert_eq!(output, [1, 2, 3, 9, 9, 9]);
        let shape = [1, 1, 1, 1, 1, 2];
        let spec = Spec { condition_shape: shape, a_shape: shape, b_shape: shape };
        let mut output = [0; 2];
        assert_eq!(Any::new(spec).unwrap().run::<u8>(&[0, 1], &[1, 2], &[8, 9], &mut output), Ok(()));
        assert_eq!(output, [8, 2]);
        assert!(Any::new(spec).unwrap().run::<u8>(&[0], &[1, 2], &[8, 9], &mut output).is_err());
        assert!(Any::new(Spec { condition_shape: [1, 1, 1, 1, 1, 3], ..spec }).is_err());
    }
}
