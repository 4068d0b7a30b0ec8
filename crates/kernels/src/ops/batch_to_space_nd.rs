//! BATCH_TO_SPACE_ND: puts the batches of a SPACE_TO_BATCH_ND together again and cuts the edges off:
//! `y[image, r * bh + i - top, c * bw + j - left] = x[(i * bw + j) * n + image, r, c]`.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::BatchToSpaceND`.

use super::blocks::Blocks;
use crate::error::{attempt, length};
use crate::memory::Pod;
use crate::rows::rows;
use crate::{InvalidSpec, WrongLength};

/// Everything about a BATCH_TO_SPACE_ND that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Extents of the output, NHWC.
    pub out_shape: [usize; 4],
    /// Rows and columns of a block.
    pub block: [usize; 2],
    /// Rows and columns cut off before the output.
    pub before: [usize; 2],
    /// Rows and columns cut off after the output.
    pub after: [usize; 2],
}

/// BATCH_TO_SPACE_ND of elements of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    blocks: Blocks,
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { blocks: attempt!(Blocks::new(spec.out_shape, spec.block, spec.before, spec.after)) })
    }

    /// Input and output are NHWC.
    #[inline(never)]
    pub fn run<T: Pod>(&self, input: &[T], output: &mut [T]) -> Result<(), WrongLength> {
        length("input", input.len(), self.blocks.batch_len)?;
        length("output", output.len(), self.blocks.image_len)?;
        let mut pixels = rows(input, self.blocks.depth);
        self.blocks.for_each(|to| {
            let pixel = pixels.next().unwrap_or(&[]);
            if let Some(output) = to.and_then(|to| output.get_mut(to..)) {
                for (output, &input) in output.iter_mut().zip(pixel) {
                    *output = input;
                }
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::super::naive::Random;
    use super::super::space_to_batch_nd;
    use super::*;

    #[test]
    fn a_cropped_image_by_hand() {
        let spec = Spec { out_shape: [1, 2, 3, 1], block: [2, 2], before: [0, 1], after: [0, 0] };
        let mut output = [0_u8; 6];
        assert_eq!(Any::new(spec).unwrap().run(&[9, 2, 1, 3, 9, 5, 4, 6], &mut output), Ok(()));
        assert_eq!(output, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn it_undoes_space_to_batch() {
        for seed in 0..100 {
            let random = &mut Random::new(seed);
            let [n, rows, columns, block_h, block_w, depth] = [0; 6].map(|_| random.size(1, 3));
            let (block, before) =
                ([block_h, block_w], [random.size(0, block_h - 1), random.size(0, block_w - 1)]);
            let out_shape = [n, rows * block_h - before[0], columns * block_w - before[1], depth];
            let image = random.int8s(out_shape.iter().product());
            let mut batches = vec![0; n * rows * columns * block_h * block_w * depth];
            let spec = space_to_batch_nd::Spec { in_shape: out_shape, block, before, after: [0; 2] };
            assert_eq!(space_to_batch_nd::Any::new(spec).unwrap().run(&image, &[7], &mut batches), Ok(()));
            let mut output = vec![0; image.len()];
            let kernel = Any::new(Spec { out_shape, block, before, after: [0; 2] }).unwrap();
            assert_eq!(kernel.run(&batches, &mut output), Ok(()));
            assert_eq!(output, image, "seed {seed}");
        }
    }

    #[test]
    fn wrong_lengths_fail() {
        let spec = Spec { out_shape: [1, 2, 3, 1], block: [2, 2], before: [0, 1], after: [0, 0] };
        let wrong = WrongLength { operand: "input", expected: 8, found: 6 };
        assert_eq!(Any::new(spec).unwrap().run(&[0_u8; 6], &mut [0; 6]), Err(wrong));
        assert!(Any::new(Spec { after: [1, 0], ..spec }).is_err());
    }
}
