//! Inner products of contiguous int8 rows, the inner loop of convolutions and fully connected layers.

/// Adds `sum((x[i] + x_offset) * w[i])` to the accumulator.
#[inline(always)]
pub(super) fn dot_1(x: &[i8], w: &[i8], x_offset: i32, acc: i32) -> i32 {
    x.iter().zip(w).fold(acc, |acc, (&x, &w)| mac(acc, i32::from(x) + x_offset, w))
}

/// [`dot_1`] of one `x` with four filters at once: every input element is loaded and moved once for four products.
#[inline(always)]
pub(super) fn dot_4(x: &[i8], w: [&[i8]; 4], x_offset: i32, acc: &mut [i32; 4]) {
    let [w0, w1, w2, w3] = w;
    let [mut a0, mut a1, mut a2, mut a3] = *acc;
    for ((((&x, &w0), &w1), &w2), &w3) in x.iter().zip(w0).zip(w1).zip(w2).zip(w3) {
        let x = i32::from(x) + x_offset;
        a0 = mac(a0, x, w0);
        a1 = mac(a1, x, w1);
        a2 = mac(a2, x, w2);
        a3 = mac(a3, x, w3);
    }
    *acc = [a0, a1, a2, a3];
}

/// One multiply-accumulate. Like the reference on every real target, a sum past 32 bits wraps.
#[inline(always)]
pub(super) fn mac(acc: i32, x: i32, w: i8) -> i32 {
    acc.wrapping_add(x * i32::from(w))
}

/// `len` elements from `start`, or fewer at the end of the slice. Callers stay inside; this has no panic path.
#[inline(always)]
pub(super) fn part<T>(slice: &[T], start: usize, len: usize) -> &[T] {
    slice.get(start..start + len).unwrap_or(&[])
}
