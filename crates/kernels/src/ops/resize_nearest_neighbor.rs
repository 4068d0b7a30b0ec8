//! RESIZE_NEAREST_NEIGHBOR: `y[n, r, c] = x[n, rows[r], columns[c]]`, whole pixels.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::ResizeNearestNeighbor`. The rows and columns depend on extents only and
//! are computed when the network is compiled.

use super::gather::clamp;
use crate::error::{attempt, elements, ensure, length};
use crate::memory::Pod;
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

/// Everything about a RESIZE_NEAREST_NEIGHBOR that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Extents of the input, NHWC.
    pub in_shape: [usize; 4],
    /// Rows of the output.
    pub out_h: usize,
    /// Columns of the output.
    pub out_w: usize,
}

/// RESIZE_NEAREST_NEIGHBOR of elements of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    spec: Spec,
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        let [images, in_h, in_w, depth] = spec.in_shape;
        attempt!(elements(&spec.in_shape));
        attempt!(elements(&[images, spec.out_h, spec.out_w, depth]));
        ensure!(
            in_h <= 1 << 15 && in_w <= 1 << 15,
            "an image to resize must have at most 32768 rows and columns"
        );
        Ok(Self { spec })
    }

    /// Input and output are NHWC; the input's row of each output row, and the same for columns.
    #[inline(never)]
    pub fn run<T: Pod>(
        &self,
        input: &[T],
        from_row: &[i16],
        from_column: &[i16],
        output: &mut [T],
    ) -> Result<(), WrongLength> {
        let Spec { in_shape: [images, in_h, in_w, depth], out_h, out_w } = self.spec;
        length("input", input.len(), images * in_h * in_w * depth)?;
        length("from_row", from_row.len(), out_h)?;
        length("from_column", from_column.len(), out_w)?;
        length("output", output.len(), images * out_h * out_w * depth)?;
        let images = rows(input, in_h * in_w * depth).zip(rows_mut(output, out_h * out_w * depth));
        for (input, output) in images {
            for (output, &row) in rows_mut(output, out_w * depth).zip(from_row) {
                let row = clamp(row.into(), in_h) * in_w;
                for (pixel, &column) in rows_mut(output, depth).zip(from_column) {
                    let from = (row + clamp(column.into(), in_w)) * depth;
                    for (output, &input) in pixel.iter_mut().zip(input.get(from..).unwrap_or(&[])) {
                        *output = input;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::super::naive::Random;
    use super::*;

    #[test]
    fn twice_as_large_by_hand() {
        let kernel = Any::new(Spec { in_shape: [1, 1, 2, 2], out_h: 2, out_w: 4 }).unwrap();
        let mut output = [0_u8; 16];
        assert_eq!(kernel.run(&[1, 2, 3, 4], &[0, 0], &[0, 0, 1, 1], &mut output), Ok(()));
        assert_eq!(output, [1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4]);
    }

    #[test]
    fn random_rows_and_columns_equal_the_definition() {
        for seed in 0..100 {
            let random = &mut Random::new(seed);
            let [n, h, w, depth, out_h, out_w] = [0; 6].map(|_| random.size(1, 4));
            let from_row: vec::Vec<i16> = (0..out_h).map(|_| random.size(0, h - 1) as i16).collect();
            let from_column: vec::Vec<i16> = (0..out_w).map(|_| random.size(0, w - 1) as i16).collect();
            let input = random.int8s(n * h * w * depth);
            let mut output = vec![0; n * out_h * out_w * depth];
            let kernel = Any::new(Spec { in_shape: [n, h, w, depth], out_h, out_w }).unwrap();
            assert_eq!(kernel.run(&input, &from_row, &from_column, &mut output), Ok(()));
            for (at, &found) in output.iter().enumerate() {
                let (c, at) = (at % depth, at / depth);
                let (x, at) = (from_column[at % out_w] as usize, at / out_w);
                let (y, image) = (from_row[at % out_h] as usize, at / out_h);
                assert_eq!(found, input[((image * h + y) * w + x) * depth + c], "seed {seed}");
            }
        }
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        let spec = Spec { in_shape: [1, 1, 2, 2], out_h: 2, out_w: 4 };
        assert!(Any::new(Spec { out_h: 0, ..spec }).is_err());
        assert!(Any::new(Spec { in_shape: [1, 1 << 16, 1, 1], ..spec }).is_err());
        let wrong = WrongLength { operand: "from_column", expected: 4, found: 2 };
        assert_eq!(Any::new(spec).unwrap().run(&[0_u8; 4], &[0; 2], &[0; 2], &mut [0; 16]), Err(wrong));
    }
}
