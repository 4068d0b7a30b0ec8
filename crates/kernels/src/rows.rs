//! The rows of a matrix as slices. Unlike `chunks_exact` this has no panic path at any optimisation level.

/// Consecutive rows of `len` elements; what is left at the end is dropped. There are none of length 0.
#[inline(always)]
pub(crate) fn rows<T>(matrix: &[T], len: usize) -> Rows<'_, T> {
    Rows { matrix, len: len.max(1) }
}

/// [`rows`] for writing.
#[inline(always)]
pub(crate) fn rows_mut<T>(matrix: &mut [T], len: usize) -> RowsMut<'_, T> {
    RowsMut { matrix, len: len.max(1) }
}

/// See [`rows`].
pub(crate) struct Rows<'a, T> {
    matrix: &'a [T],
    len: usize,
}

impl<'a, T> Iterator for Rows<'a, T> {
    type Item = &'a [T];

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let (row, rest) = self.matrix.split_at_checked(self.len)?;
        self.matrix = rest;
        Some(row)
    }
}

/// See [`rows_mut`].
pub(crate) struct RowsMut<'a, T> {
    matrix: &'a mut [T],
    len: usize,
}

impl<'a, T> Iterator for RowsMut<'a, T> {
    type Item = &'a mut [T];

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let (row, rest) = core::mem::take(&mut self.matrix).split_at_mut_checked(self.len)?;
        self.matrix = rest;
        Some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole() {
        let mut matrix = [1, 2, 3, 4, 5];
        assert!(rows(&matrix, 2).eq([&[1, 2], &[3, 4]]));
        assert!(rows_mut(&mut matrix, 5).eq([&[1, 2, 3, 4, 5]]));
        assert_eq!((rows(&matrix, 6).count(), rows_mut(&mut matrix[..0], 0).count()), (0, 0));
    }
}
