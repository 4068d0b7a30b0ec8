//! DYNAMIC_UPDATE_SLICE: the operand with an update written over it, at a place that is known when it runs.
//!
//! Source: TensorFlow Lite Micro, `micro/kernels/dynamic_update_slice.cc`: a start outside is moved to where the update
//! fits.

use super::broadcast::{advance, at};
use crate::error::{attempt, elements, ensure, length};
use crate::memory::Pod;
use crate::rows::rows;
use crate::{InvalidSpec, WrongLength};

/// Everything about a DYNAMIC_UPDATE_SLICE that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Extents of the operand with leading ones.
    pub shape: [usize; 6],
    /// Extents of the update with leading ones.
    pub update_shape: [usize; 6],
    /// Dimensions without the leading ones: as many starts there are.
    pub rank: usize,
}

/// DYNAMIC_UPDATE_SLICE of elements of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    spec: Spec,
    /// Extents of the update; 1 for the last axis, whose rows are copied whole.
    rows_shape: [usize; 6],
    strides: [usize; 6],
    len: usize,
    update_len: usize,
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        let len = attempt!(elements(&spec.shape));
        let update_len = attempt!(elements(&spec.update_shape));
        ensure!(spec.rank <= 6, "there must be at most 6 dimensions");
        let (mut strides, mut rows_shape) = ([1; 6], spec.update_shape);
        let mut axis = 6;
        while axis > 0 {
            axis -= 1;
            ensure!(
                spec.update_shape[axis] <= spec.shape[axis],
                "an update must not be larger than its operand"
            );
            ensure!(axis >= 6 - spec.rank || spec.shape[axis] == 1, "leading dimensions must be 1");
            if axis < 5 {
                strides[axis] = strides[axis + 1] * spec.shape[axis + 1];
            }
        }
        rows_shape[5] = 1;
        Ok(Self { spec, rows_shape, strides, len, update_len })
    }

    /// `start` has one index for each dimension; the output has the operand's shape.
    #[inline(never)]
    pub fn run<T: Pod>(
        &self,
        operand: &[T],
        update: &[T],
        start: &[i32],
        output: &mut [T],
    ) -> Result<(), WrongLength> {
        let Spec { shape, update_shape, rank } = &self.spec;
        length("operand", operand.len(), self.len)?;
        length("update", update.len(), self.update_len)?;
        length("start", start.len(), *rank)?;
        length("output", output.len(), self.len)?;
        for (output, &operand) in output.iter_mut().zip(operand) {
            *output = operand;
        }
        let axes = shape.iter().zip(update_shape).zip(&self.strides);
        let first =
            axes.rev().zip(start.iter().rev()).fold(0, |sum, (((&extent, &update), &stride), &start)| {
                sum + (start.max(0) as usize).min(extent.wrapping_sub(update)) * stride
            });
        let mut index = [0; 6];
        for row in rows(update, update_shape.last().copied().unwrap_or(1)) {
            let to = first + at(&index, &self.strides);
            for (output, &update) in output.get_mut(to..).unwrap_or(&mut []).iter_mut().zip(row) {
                *output = update;
            }
            advance(&mut index, &self.rows_shape);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: Spec = Spec { shape: [1, 1, 1, 1, 3, 3], update_shape: [1, 1, 1, 1, 2, 2], rank: 2 };

    #[test]
    fn a_square_by_hand_and_starts_outside() {
        let kernel = Any::new(SPEC).unwrap();
        let mut output = [0_u8; 9];
        assert_eq!(kernel.run(&[0; 9], &[1, 2, 3, 4], &[1, 0], &mut output), Ok(()));
        assert_eq!(output, [0, 0, 0, 1, 2, 0, 3, 4, 0]);
        assert_eq!(kernel.run(&[0; 9], &[1, 2, 3, 4], &[-3, 9], &mut output), Ok(()));
        assert_eq!(output, [0, 1, 2, 0, 3, 4, 0, 0, 0]);
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        for wrong in [
            Spec { rank: 7, ..SPEC },
            Spec { rank: 1, ..SPEC },
            Spec { update_shape: [1, 1, 1, 1, 4, 1], ..SPEC },
            Spec { update_shape: [1, 1, 1, 1, 0, 1], ..SPEC },
        ] {
            assert!(Any::new(wrong).is_err(), "{wrong:?}");
        }
        let wrong = WrongLength { operand: "start", expected: 2, found: 1 };
        assert_eq!(Any::new(SPEC).unwrap().run(&[0_u8; 9], &[0; 4], &[0], &mut [0; 9]), Err(wrong));
    }
}
