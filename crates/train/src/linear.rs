//! `y = x * w^T` over rows: what fully connected layers and pointwise convolutions share.

use crate::gemm::{Mat, gemm};

/// `y[row, o] = sum over i of x[row, i] * w[o, i]`.
pub(crate) fn forward(x: &[f32], w: &[f32], [rows, in_c, out_c]: [usize; 3], y: &mut [f32]) {
    let (x, w) = (Mat::row_major(x, rows, in_c, in_c), Mat::row_major(w, out_c, in_c, in_c));
    gemm(y, out_c, false, x, w.transposed());
}

/// `dw[o, i] += sum over rows of dy[row, o] * x[row, i]`.
pub(crate) fn add_weight_gradient(x: &[f32], dy: &[f32], [rows, in_c, out_c]: [usize; 3], dw: &mut [f32]) {
    let (x, dy) = (Mat::row_major(x, rows, in_c, in_c), Mat::row_major(dy, rows, out_c, out_c));
    gemm(dw, in_c, true, dy.transposed(), x);
}

/// `dx[row, i] = sum over o of dy[row, o] * w[o, i]`.
pub(crate) fn input_gradient(dy: &[f32], w: &[f32], [rows, in_c, out_c]: [usize; 3], dx: &mut [f32]) {
    let (dy, w) = (Mat::row_major(dy, rows, out_c, out_c), Mat::row_major(w, out_c, in_c, in_c));
    gemm(dx, in_c, false, dy, w);
}
