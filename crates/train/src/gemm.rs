//! Matrix products over checked slices: the one place that calls the GEMM crate, whose interface is raw pointers.

/// A matrix in a slice: element (r, c) stands at `r * row_stride + c * col_stride`.
#[derive(Clone, Copy)]
pub(crate) struct Mat<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) row_stride: usize,
    pub(crate) col_stride: usize,
}

impl<'a> Mat<'a> {
    /// Rows of `cols` elements that start `row_stride` apart.
    pub(crate) fn row_major(data: &'a [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        Mat { data, rows, cols, row_stride, col_stride: 1 }
    }

    /// The same elements with rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Mat {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            data: self.data,
        }
    }
}

fn covers(len: usize, rows: usize, cols: usize, row_stride: usize, col_stride: usize) -> bool {
    rows == 0 || cols == 0 || (rows - 1) * row_stride + (cols - 1) * col_stride < len
}

/// `dst = lhs * rhs`, or `dst += lhs * rhs` when `accumulate`; `dst` is row-major with rows `dst_stride` apart.
///
/// # Panics
/// When a slice is too short for its matrix or the extents do not agree: a bug of the caller.
#[allow(
    unsafe_code,
    reason = "the GEMM crate takes raw pointers; every access is checked against its slice first"
)]
pub(crate) fn gemm(dst: &mut [f32], dst_stride: usize, accumulate: bool, lhs: Mat<'_>, rhs: Mat<'_>) {
    let (m, n, k) = (lhs.rows, rhs.cols, lhs.cols);
    assert!(rhs.rows == k && n <= dst_stride, "matrix extents disagree: a bug of the trainer");
    assert!(
        covers(dst.len(), m, n, dst_stride, 1)
            && covers(lhs.data.len(), m, k, lhs.row_stride, lhs.col_stride)
            && covers(rhs.data.len(), k, n, rhs.row_stride, rhs.col_stride),
        "matrix past the end of its slice: a bug of the trainer"
    );
    let stride = |v: usize| isize::try_from(v).unwrap_or(isize::MAX);
    // SAFETY: `covers` holds for the three matrices, so that every element that the product reads or writes lies in
    // its slice, whose length bounds the strides below isize::MAX; `dst` is a unique borrow and, because n <= dst_stride,
    // its elements do not overlap.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            dst.as_mut_ptr(),
            1,
            stride(dst_stride),
            accumulate,
            lhs.data.as_ptr(),
            stride(lhs.col_stride),
            stride(lhs.row_stride),
            rhs.data.as_ptr(),
            stride(rhs.col_stride),
            stride(rhs.row_stride),
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplies_accumulates_and_transposes() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let b = [1.0, 0.0, 2.0, 0.0, 1.0, 3.0];
        let mut c = [100.0; 6];
        let (a, b) = (Mat::row_major(&a, 2, 3, 3), Mat::row_major(&b, 2, 3, 3));
        gemm(&mut c, 3, false, a, b.transposed());
        assert_eq!(c, [7.0, 11.0, 100.0, 16.0, 23.0, 100.0]);
        gemm(&mut c, 3, true, a, b.transposed());
        assert_eq!(c, [14.0, 22.0, 100.0, 32.0, 46.0, 100.0]);
        let mut wide = [f32::NAN; 9];
        gemm(&mut wide, 3, false, a.transposed(), b);
        assert_eq!(wide, [1.0, 4.0, 14.0, 2.0, 5.0, 19.0, 3.0, 6.0, 24.0]);
    }
}
