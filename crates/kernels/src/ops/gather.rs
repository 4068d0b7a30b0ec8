//! GATHER: slices along one axis, chosen by a list of positions; with batch dimensions, a list for each batch.
//!
//! Source: TensorFlow Lite Micro, `Gather` in `micro/kernels/gather.cc`. Where that ends the inference with an error, at a
//! position outside the axis, this counts negative positions from the end, as ONNX does, and takes the nearest position
//! inside for what is still outside: a kernel cannot fail on values. Positions that are constants are checked when the
//! network is compiled.

use crate::error::{attempt, elements, length};
use crate::memory::Pod;
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

/// Everything about a GATHER that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Product of the batch dimensions; each batch has its own positions.
    pub batches: usize,
    /// Product of the extents between the batch dimensions and the axis.
    pub outer: usize,
    /// Extent of the axis that positions count on.
    pub axis: usize,
    /// Product of the extents behind the axis: elements of a slice.
    pub inner: usize,
    /// Positions of a batch.
    pub positions: usize,
}

/// GATHER of elements of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    spec: Spec,
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.batches, spec.outer, spec.axis, spec.inner]));
        attempt!(elements(&[spec.batches, spec.outer, spec.positions, spec.inner]));
        Ok(Self { spec })
    }

    /// Input `batches × outer × axis × inner`, positions `batches × positions`, output
    /// `batches × outer × positions × inner`.
    #[inline(never)]
    pub fn run<T: Pod>(&self, input: &[T], positions: &[i32], output: &mut [T]) -> Result<(), WrongLength> {
        let Spec { batches, outer, axis, inner, positions: n_positions } = self.spec;
        length("input", input.len(), batches * outer * axis * inner)?;
        length("positions", positions.len(), batches * n_positions)?;
        length("output", output.len(), batches * outer * n_positions * inner)?;
        let (in_block, out_block) = (axis * inner, n_positions * inner);
        let batches = rows(input, outer * in_block).zip(rows_mut(output, outer * out_block));
        for ((input, output), positions) in batches.zip(rows(positions, n_positions)) {
            for (input, output) in rows(input, in_block).zip(rows_mut(output, out_block)) {
                for (output, &position) in rows_mut(output, inner).zip(positions) {
                    let from = inside(position, axis) * inner;
                    let slice = input.get(from..).unwrap_or(&[]);
                    for (output, &input) in output.iter_mut().zip(slice) {
                        *output = input;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The position inside an axis: counted from the end where it is negative, the nearest where it is outside.
#[inline(always)]
pub(super) fn inside(position: i32, extent: usize) -> usize {
    clamp(if position < 0 { position.wrapping_add(extent as i32) } else { position }, extent)
}

/// The nearest position inside an axis.
#[inline(always)]
pub(super) fn clamp(position: i32, extent: usize) -> usize {
    (position.max(0) as usize).min(extent.wrapping_sub(1))
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::super::naive::Random;
    use super::*;

    const SPEC: Spec = Spec { batches: 1, outer: 1, axis: 3, inner: 2, positions: 4 };

    #[test]
    fn rows_by_hand_and_positions_outside() {
        let mut output = [0_u8; 8];
        let kernel = Any::new(SPEC).unwrap();
        assert_eq!(kernel.run(&[1, 2, 3, 4, 5, 6], &[2, -4, -2, 3], &mut output), Ok(()));
        assert_eq!(output, [5, 6, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn random_positions_equal_the_definition() {
        for seed in 0..200 {
            let random = &mut Random::new(seed);
            let [batches, outer, axis, inner, positions] = [0; 5].map(|_| random.size(1, 4));
            let input = random.int8s(batches * outer * axis * inner);
            let chosen: vec::Vec<i32> =
                (0..batches * positions).map(|_| random.size(0, axis - 1) as i32).collect();
            let mut output = vec![0; batches * outer * positions * inner];
            let kernel = Any::new(Spec { batches, outer, axis, inner, positions }).unwrap();
            assert_eq!(kernel.run(&input, &chosen, &mut output), Ok(()));
            for (at, &y) in output.iter().enumerate() {
                let (element, at) = (at % inner, at / inner);
                let (position, at) = (at % positions, at / positions);
                let (o, b) = (at % outer, at / outer);
                let from = chosen[b * positions + position] as usize;
                assert_eq!(y, input[((b * outer + o) * axis + from) * inner + element], "seed {seed}");
            }
        }
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        assert!(Any::new(Spec { axis: 0, ..SPEC }).is_err());
        assert!(Any::new(Spec { positions: 0, ..SPEC }).is_err());
        let wrong = WrongLength { operand: "positions", expected: 4, found: 3 };
        assert_eq!(Any::new(SPEC).unwrap().run(&[0_u8; 6], &[0; 3], &mut [0; 8]), Err(wrong));
    }
}
