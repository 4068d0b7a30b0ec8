//! Products with the matrices of recurrent layers, one step at a time.

/// `y += w x` with `w` of `[y.len(), x.len()]`.
pub(crate) fn add_product(w: &[f32], x: &[f32], y: &mut [f32]) {
    for (row, y) in w.chunks_exact(x.len().max(1)).zip(y) {
        *y += row.iter().zip(x).map(|(w, x)| w * x).sum::<f32>();
    }
}

/// `x += w^T y`.
pub(crate) fn add_transposed(w: &[f32], y: &[f32], x: &mut [f32]) {
    for (row, &y) in w.chunks_exact(x.len().max(1)).zip(y) {
        x.iter_mut().zip(row).for_each(|(x, w)| *x += w * y);
    }
}

/// `w += y x^T`.
pub(crate) fn add_outer(y: &[f32], x: &[f32], w: &mut [f32]) {
    for (row, &y) in w.chunks_exact_mut(x.len().max(1)).zip(y) {
        row.iter_mut().zip(x).for_each(|(w, x)| *w += y * x);
    }
}
