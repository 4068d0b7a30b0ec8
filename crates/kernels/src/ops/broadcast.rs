//! Walks over two operands of up to six dimensions in which an extent of 1 stretches to the other's.

use crate::InvalidSpec;
use crate::error::{attempt, elements, ensure};

/// Rank that all shapes are brought to with leading ones.
const RANK: usize = 6;

/// How two operands are read for every output element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broadcast {
    out_shape: [usize; RANK],
    a_strides: [usize; RANK],
    b_strides: [usize; RANK],
    pub(super) a_len: usize,
    pub(super) b_len: usize,
    pub(super) out_len: usize,
}

impl Broadcast {
    pub(super) const fn new(a: [usize; RANK], b: [usize; RANK]) -> Result<Self, InvalidSpec> {
        let mut out_shape = a;
        let mut axis = 0;
        while axis < RANK {
            if a[axis] == 1 {
                out_shape[axis] = b[axis];
            } else {
                ensure!(b[axis] == 1 || a[axis] == b[axis], "extents must be equal or 1");
            }
            axis += 1;
        }
        let (a_len, b_len) = (attempt!(elements(&a)), attempt!(elements(&b)));
        let out_len = attempt!(elements(&out_shape));
        Ok(Self { out_shape, a_strides: strides(a), b_strides: strides(b), a_len, b_len, out_len })
    }

    /// Stores `f` of the operands' elements in every output element.
    #[inline(always)]
    pub(super) fn apply<T: Copy>(&self, a: &[T], b: &[T], output: &mut [T], f: impl Fn(T, T) -> T) {
        if self.a_len == self.out_len && self.b_len == self.out_len {
            for ((output, &a), &b) in output.iter_mut().zip(a).zip(b) {
                *output = f(a, b);
            }
            return;
        }
        let mut index = [0; RANK];
        for output in output {
            if let (Some(&a), Some(&b)) =
                (a.get(at(&index, &self.a_strides)), b.get(at(&index, &self.b_strides)))
            {
                *output = f(a, b);
            }
            advance(&mut index, &self.out_shape);
        }
    }
}

/// Steps between neighbours on each axis; 0 where the extent is 1.
pub(super) const fn strides(shape: [usize; RANK]) -> [usize; RANK] {
    let mut strides = [0; RANK];
    let mut step = 1_usize;
    let mut axis = RANK;
    while axis > 0 {
        axis -= 1;
        if shape[axis] > 1 {
            strides[axis] = step;
        }
        // The caller checks the product of the extents after this.
        step = step.wrapping_mul(shape[axis]);
    }
    strides
}

/// Offset of an index.
#[inline(always)]
pub(super) fn at(index: &[usize; RANK], strides: &[usize; RANK]) -> usize {
    index.iter().zip(strides).fold(0, |sum, (index, stride)| sum + index * stride)
}

/// The next index in row-major order.
#[inline(always)]
pub(super) fn advance(index: &mut [usize; RANK], shape: &[usize; RANK]) {
    for (index, extent) in index.iter_mut().zip(shape).rev() {
        *index += 1;
        if *index < *extent {
            return;
        }
        *index = 0;
    }
}
