//! GATHER_ND: slices chosen by coordinates on the leading axes.
//!
//! Source: TensorFlow Lite Micro, `GatherNd` in `micro/kernels/gather_nd.cc`, which trusts the coordinates. Here
//! negative ones count from the end and those outside are the nearest inside, as in GATHER; constants are checked when the
//! network is compiled.

use super::gather::inside;
use crate::error::{attempt, elements, ensure, length};
use crate::memory::Pod;
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

/// Everything about a GATHER_ND that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Extents of the axes that coordinates count on, then ones.
    pub extents: [usize; 6],
    /// Coordinates of a slice: how many of the extents count.
    pub coordinates: usize,
    /// Product of the extents behind: elements of a slice.
    pub inner: usize,
    /// Slices of the output.
    pub slices: usize,
}

/// GATHER_ND of elements of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    spec: Spec,
    in_len: usize,
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        ensure!(1 <= spec.coordinates && spec.coordinates <= 6, "there must be 1 to 6 coordinates");
        let mut axis = spec.coordinates;
        while axis < 6 {
            ensure!(spec.extents[axis] == 1, "extents without a coordinate must be 1");
            axis += 1;
        }
        let [a, b, c, d, e, f] = spec.extents;
        let in_len = attempt!(elements(&[a, b, c, d, e, f, spec.inner]));
        attempt!(elements(&[spec.slices, spec.inner]));
        attempt!(elements(&[spec.slices, spec.coordinates]));
        Ok(Self { spec, in_len })
    }

    /// Input `extents × inner`, positions `slices × coordinates`, output `slices × inner`.
    #[inline(never)]
    pub fn run<T: Pod>(&self, input: &[T], positions: &[i32], output: &mut [T]) -> Result<(), WrongLength> {
        let Spec { extents, coordinates, inner, slices } = &self.spec;
        length("input", input.len(), self.in_len)?;
        length("positions", positions.len(), slices * coordinates)?;
        length("output", output.len(), slices * inner)?;
        for (output, coordinates) in rows_mut(output, *inner).zip(rows(positions, *coordinates)) {
            let at = |at, (&position, &extent)| at * extent + inside(position, extent);
            let from = coordinates.iter().zip(extents).fold(0, at) * inner;
            let slice = input.get(from..).unwrap_or(&[]);
            for (output, &input) in output.iter_mut().zip(slice) {
                *output = input;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: Spec = Spec { extents: [2, 3, 1, 1, 1, 1], coordinates: 2, inner: 2, slices: 3 };

    #[test]
    fn slices_by_hand_and_coordinates_outside() {
        let input: [u8; 12] = core::array::from_fn(|at| at as u8);
        let mut output = [0; 6];
        let kernel = Any::new(SPEC).unwrap();
        assert_eq!(kernel.run(&input, &[1, 2, 0, 1, -5, 7], &mut output), Ok(()));
        assert_eq!(output, [10, 11, 2, 3, 4, 5]);
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        for wrong in [
            Spec { coordinates: 0, ..SPEC },
            Spec { coordinates: 7, ..SPEC },
            Spec { coordinates: 1, ..SPEC },
            Spec { inner: 0, ..SPEC },
            Spec { slices: usize::MAX, ..SPEC },
        ] {
            assert!(Any::new(wrong).is_err(), "{wrong:?}");
        }
        let wrong = WrongLength { operand: "positions", expected: 6, found: 5 };
        assert_eq!(Any::new(SPEC).unwrap().run(&[0_u8; 12], &[0; 5], &mut [0; 6]), Err(wrong));
    }
}
