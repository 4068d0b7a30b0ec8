//! SPACE_TO_BATCH_ND: pads images and gives each pixel of a block to a batch of its own:
//! `y[(i * bw + j) * n + image, r, c] = x[image, r * bh + i - top, c * bw + j - left]`.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::SpaceToBatchND`. The int8 padding is the output's zero point.

use super::blocks::Blocks;
use crate::error::{attempt, length};
use crate::memory::Pod;
use crate::{InvalidSpec, WrongLength};

/// Everything about a SPACE_TO_BATCH_ND that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Extents of the input, NHWC.
    pub in_shape: [usize; 4],
    /// Rows and columns of a block.
    pub block: [usize; 2],
    /// Rows and columns added before the input.
    pub before: [usize; 2],
    /// Rows and columns added after the input.
    pub after: [usize; 2],
}

/// SPACE_TO_BATCH_ND of elements of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    blocks: Blocks,
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { blocks: attempt!(Blocks::new(spec.in_shape, spec.block, spec.before, spec.after)) })
    }

    /// `value` is one element, the padding. The output is NHWC.
    #[inline(never)]
    pub fn run<T: Pod>(&self, input: &[T], value: &[T], output: &mut [T]) -> Result<(), WrongLength> {
        length("input", input.len(), self.blocks.image_len)?;
        length("output", output.len(), self.blocks.batch_len)?;
        let &[value] = value else { return length("value", value.len(), 1) };
        let mut pixels = crate::rows::rows_mut(output, self.blocks.depth);
        self.blocks.for_each(|from| {
            let pixel = pixels.next().unwrap_or(&mut []);
            match from {
                Some(from) => {
                    for (output, &input) in pixel.iter_mut().zip(input.get(from..).unwrap_or(&[])) {
                        *output = input;
                    }
                }
                None => {
                    for output in pixel {
                        *output = value;
                    }
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
    use super::*;

    #[test]
    fn a_padded_image_by_hand() {
        let spec = Spec { in_shape: [1, 2, 3, 1], block: [2, 2], before: [0, 1], after: [0, 0] };
        let mut output = [0_u8; 8];
        assert_eq!(Any::new(spec).unwrap().run(&[1, 2, 3, 4, 5, 6], &[9], &mut output), Ok(()));
        assert_eq!(output, [9, 2, 1, 3, 9, 5, 4, 6]);
    }

    #[test]
    fn random_blocks_equal_the_definition() {
        for seed in 0..200 {
            let random = &mut Random::new(seed);
            let (n, block) = (random.size(1, 2), [random.size(1, 3), random.size(1, 3)]);
            let (before, depth) = ([random.size(0, 2), random.size(0, 2)], random.size(1, 3));
            let [h, w] = [random.size(1, 5), random.size(1, 5)];
            let after =
                [(block[0] * 9 - h - before[0]) % block[0], (block[1] * 9 - w - before[1]) % block[1]];
            let (rows, columns) =
                ((h + before[0] + after[0]) / block[0], (w + before[1] + after[1]) / block[1]);
            let input = random.int8s(n * h * w * depth);
            let mut output = vec![0; block[0] * block[1] * n * rows * columns * depth];
            let spec = Spec { in_shape: [n, h, w, depth], block, before, after };
            assert_eq!(Any::new(spec).unwrap().run(&input, &[42], &mut output), Ok(()));
            for (at, &found) in output.iter().enumerate() {
                let (c, at) = (at % depth, at / depth);
                let (column, at) = (at % columns, at / columns);
                let (row, at) = (at % rows, at / rows);
                let (image, shift) = (at % n, at / n);
                let y = (row * block[0] + shift / block[1]).checked_sub(before[0]).filter(|&y| y < h);
                let x = (column * block[1] + shift % block[1]).checked_sub(before[1]).filter(|&x| x < w);
                let from = y.zip(x).map(|(y, x)| ((image * h + y) * w + x) * depth + c);
                assert_eq!(found, from.map_or(42, |from| input[from]), "seed {seed}");
            }
        }
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        let spec = Spec { in_shape: [1, 2, 3, 1], block: [2, 2], before: [0, 1], after: [0, 0] };
        for wrong in [
            Spec { block: [0, 1], ..spec },
            Spec { before: [0, 0], ..spec },
            Spec { after: [usize::MAX, 0], ..spec },
            Spec { in_shape: [0, 2, 3, 1], ..spec },
        ] {
            assert!(Any::new(wrong).is_err(), "{wrong:?}");
        }
        let wrong = WrongLength { operand: "value", expected: 1, found: 0 };
        assert_eq!(Any::new(spec).unwrap().run(&[0_u8; 6], &[], &mut [0; 8]), Err(wrong));
    }
}
