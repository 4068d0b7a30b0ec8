//! Inner products of many pixels with the same filter rows, in a shape that becomes vector instructions.
//!
//! Only for the host, which has the memory: filter rows are widened and interleaved once for all pixels, and every pair of
//! inputs is repeated for as many rows as a vector holds.

use super::{Filter, SUMS};

/// Neighbouring elements of a filter row, whose products are summed first.
type Pair = [i16; 2];

/// Rows whose sums are a vector, or a few.
const LANE: usize = 16;

/// Pairs of as many rows; or the same pair of inputs, once for each of them.
type Lane = [Pair; LANE];

/// Rows that meet the same inputs at once.
const ROWS: usize = 2 * LANE;

/// Pairs of the longest row: 3 by 3 taps of 128 channels. That many for each of [`ROWS`] stay in a cache.
const PAIRS: usize = 576;

/// Filter rows with 16 bits for each weight, the inputs of a pixel that they meet, and the sums of their products.
///
/// The order and the alignment keep every lane in one line of the cache.
#[repr(C, align(64))]
pub(in crate::ops) struct Tile {
    /// The pairs of the first [`ROWS`] rows, those of the next, and so on.
    weights: [[Lane; ROWS / LANE]; PAIRS],
    x: [Lane; PAIRS],
    stretch: [Pair; PAIRS],
    sums: [[[i32; LANE]; ROWS / LANE]; SUMS / ROWS],
    /// Elements of a row.
    len: usize,
    /// How many rows there are.
    n_rows: usize,
}

impl Tile {
    /// Whether rows of `len` elements fit.
    #[inline(always)]
    pub(in crate::ops) fn holds(len: usize) -> bool {
        len <= 2 * PAIRS
    }

    /// A tile for rows of `len` elements.
    #[inline(always)]
    pub(in crate::ops) fn new(len: usize) -> Self {
        Self {
            weights: [[[[0; 2]; LANE]; ROWS / LANE]; PAIRS],
            x: [[[0; 2]; LANE]; PAIRS],
            stretch: [[0; 2]; PAIRS],
            sums: [[[0; LANE]; ROWS / LANE]; SUMS / ROWS],
            len,
            n_rows: 0,
        }
    }

    /// Takes rows of a filter from `first` on, at most `n_rows`, and says how many.
    #[inline(always)]
    pub(in crate::ops) fn load(&mut self, filter: impl Filter, first: usize, n_rows: usize) -> usize {
        let pairs = self.len.div_ceil(2);
        let fits = (PAIRS / pairs.max(1)).clamp(1, SUMS / ROWS) * ROWS;
        self.n_rows = n_rows.min(fits);
        for n in 0..self.n_rows {
            filter.widen((first + n) * self.len, self.inputs());
            let rows = self.weights.iter_mut().skip(n / ROWS * pairs);
            for (to, &pair) in rows.zip(&self.stretch).take(pairs) {
                if let Some(to) = to.as_flattened_mut().get_mut(n % ROWS) {
                    *to = pair;
                }
            }
        }
        self.n_rows
    }

    /// Where the inputs of a pixel go. After an odd number of them there is a 0.
    #[inline(always)]
    pub(in crate::ops) fn inputs(&mut self) -> &mut [i16] {
        self.stretch.as_flattened_mut().get_mut(..self.len).unwrap_or(&mut [])
    }

    /// The sums of the rows.
    #[inline(always)]
    pub(in crate::ops) fn sums(&mut self) -> &mut [i32] {
        self.sums.as_flattened_mut().as_flattened_mut().get_mut(..self.n_rows).unwrap_or(&mut [])
    }

    /// Adds to every sum the products of the inputs with a row.
    #[inline(always)]
    pub(in crate::ops) fn add_products(&mut self) {
        let pairs = self.len.div_ceil(2);
        let x = self.x.get_mut(..pairs).unwrap_or(&mut []);
        for (to, &pair) in x.iter_mut().zip(&self.stretch) {
            *to = [pair; LANE];
        }
        let mut weights = self.weights.as_slice();
        for sums in self.sums.iter_mut().take(self.n_rows.div_ceil(ROWS)) {
            let Some((these, rest)) = weights.split_at_checked(pairs) else { return };
            let mut partial = *sums;
            for (x, rows) in x.iter().zip(these) {
                for (partial, w) in partial.iter_mut().zip(rows) {
                    add_pairs(x, w, partial);
                }
            }
            *sums = partial;
            weights = rest;
        }
    }
}

/// Adds the products of a pair of inputs with a pair of weights to each row's sum.
///
/// The first loop becomes one instruction (`vpmaddwd` on x86), but not if it is merged with the second.
#[inline(always)]
fn add_pairs(x: &Lane, w: &Lane, sums: &mut [i32; LANE]) {
    let mut pairs = [0; LANE];
    for (pair, (&[x0, x1], &[w0, w1])) in pairs.iter_mut().zip(x.iter().zip(w)) {
        *pair = (i32::from(x0) * i32::from(w0)).wrapping_add(i32::from(x1) * i32::from(w1));
    }
    for (sum, pair) in sums.iter_mut().zip(pairs) {
        *sum = sum.wrapping_add(pair);
    }
}
