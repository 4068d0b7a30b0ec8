//! How the pixels of images and of the batches that they are cut into correspond: SPACE_TO_BATCH_ND and its inverse.

use crate::InvalidSpec;
use crate::error::{attempt, elements, ensure};

/// Images of which each `block_h × block_w` cell gives one pixel to each of as many batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blocks {
    images: usize,
    in_h: usize,
    in_w: usize,
    pub(super) depth: usize,
    block: [usize; 2],
    before: [usize; 2],
    rows: usize,
    columns: usize,
    pub(super) image_len: usize,
    pub(super) batch_len: usize,
}

impl Blocks {
    /// `before` and `after` are what the images are surrounded with, in rows and columns, before they are cut.
    pub(super) const fn new(
        image: [usize; 4],
        block: [usize; 2],
        before: [usize; 2],
        after: [usize; 2],
    ) -> Result<Self, InvalidSpec> {
        const LIMIT: usize = i32::MAX as usize;
        let [images, in_h, in_w, depth] = image;
        let image_len = attempt!(elements(&image));
        ensure!(block[0] > 0 && block[1] > 0, "a block must have at least 1 row and 1 column");
        ensure!(
            before[0] <= LIMIT / 4
                && before[1] <= LIMIT / 4
                && after[0] <= LIMIT / 4
                && after[1] <= LIMIT / 4,
            "padding must be below 2^29"
        );
        let (height, width) =
            (in_h as u64 + (before[0] + after[0]) as u64, in_w as u64 + (before[1] + after[1]) as u64);
        ensure!(
            height.is_multiple_of(block[0] as u64) && width.is_multiple_of(block[1] as u64),
            "blocks must fill the padded image"
        );
        let (rows, columns) = ((height / block[0] as u64) as usize, (width / block[1] as u64) as usize);
        let batch_len = attempt!(elements(&[block[0], block[1], images, rows, columns, depth]));
        Ok(Self { images, in_h, in_w, depth, block, before, rows, columns, image_len, batch_len })
    }

    /// For each pixel of the batches in order, where it begins in the images; nothing where that is padding.
    #[inline(always)]
    pub(super) fn for_each(&self, mut f: impl FnMut(Option<usize>)) {
        let [block_h, block_w] = self.block;
        let [top, left] = self.before;
        for shift_y in 0..block_h {
            for shift_x in 0..block_w {
                for image in 0..self.images {
                    for row in 0..self.rows {
                        // What lies before the image wraps around to above its extents.
                        let y = (row * block_h + shift_y).wrapping_sub(top);
                        for column in 0..self.columns {
                            let x = (column * block_w + shift_x).wrapping_sub(left);
                            let inside = y < self.in_h && x < self.in_w;
                            f(inside.then(|| ((image * self.in_h + y) * self.in_w + x) * self.depth));
                        }
                    }
                }
            }
        }
    }
}
