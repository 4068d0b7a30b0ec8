//! Geometry of the window operators: which input position stands under which tap of which window.

use smidgen_kernels::window::Window as Extents;

/// A tap of a window and the position that it touches along the same axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tap {
    pub(crate) tap: usize,
    pub(crate) at: usize,
}

/// For each position along an axis, the taps that lie inside the data, padding left out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Taps {
    starts: Vec<usize>,
    taps: Vec<Tap>,
}

impl Taps {
    fn new(lists: impl Iterator<Item = Vec<Tap>>) -> Self {
        let mut made = Taps { starts: vec![0], taps: Vec::new() };
        for list in lists {
            made.taps.extend(list);
            made.starts.push(made.taps.len());
        }
        made
    }

    /// The taps of position `index`.
    #[inline(always)]
    pub(crate) fn of(&self, index: usize) -> &[Tap] {
        &self.taps[self.starts[index]..self.starts[index + 1]]
    }

    /// Number of positions.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The same pairs seen from the other side: for each of `n` touched positions, the positions that touch it.
    fn transposed(&self, n: usize) -> Self {
        let mut lists = vec![Vec::new(); n];
        for from in 0..self.len() {
            for tap in self.of(from) {
                lists[tap.at].push(Tap { tap: tap.tap, at: from });
            }
        }
        Taps::new(lists.into_iter())
    }
}

/// The other way around for each of `n` taps: the positions that it belongs to (as `tap`) with what it touches there.
fn by_tap(taps: &Taps, n: usize) -> Taps {
    let mut lists = vec![Vec::new(); n];
    for from in 0..taps.len() {
        for tap in taps.of(from) {
            lists[tap.tap].push(Tap { tap: from, at: tap.at });
        }
    }
    Taps::new(lists.into_iter())
}

/// A window operator over the images of one example.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window {
    /// Images in one example (the graph's own batch dimension, usually 1).
    pub(crate) images: usize,
    pub(crate) in_h: usize,
    pub(crate) in_w: usize,
    pub(crate) in_c: usize,
    pub(crate) out_h: usize,
    pub(crate) out_w: usize,
    pub(crate) out_c: usize,
    pub(crate) k_h: usize,
    pub(crate) k_w: usize,
    /// Whether the window is one position that moves by one: no gathering needed.
    pub(crate) pointwise: bool,
    /// Whether neighbouring taps of a window touch neighbouring columns.
    pub(crate) dense_columns: bool,
    /// Rows of the input under each row of the output.
    pub(crate) rows: Taps,
    /// Columns of the input under each column of the output.
    pub(crate) columns: Taps,
    /// Rows of the output over each row of the input.
    pub(crate) rows_back: Taps,
    /// Columns of the output over each column of the input.
    pub(crate) columns_back: Taps,
    /// For each row of the kernel, rows of the output (as `tap`) and of the input.
    pub(crate) rows_by_tap: Taps,
    /// For each column of the kernel, columns of the output (as `tap`) and of the input.
    pub(crate) columns_by_tap: Taps,
}

/// The taps of `output` positions over `input` ones; the kernel's `size`, `stride`, `dilation` and padding before.
fn axis(input: usize, output: usize, [size, stride, dilation, padding]: [usize; 4]) -> Taps {
    let inside = |at: usize, tap: usize| {
        let at = (at * stride + tap * dilation).checked_sub(padding)?;
        (at < input).then_some(Tap { tap, at })
    };
    Taps::new((0..output).map(|at| (0..size).filter_map(|tap| inside(at, tap)).collect()))
}

impl Window {
    /// The geometry of a window operator of a verified graph.
    pub(crate) fn new(extents: &Extents) -> Self {
        let &Extents { in_h, in_w, in_c, out_h, out_w, out_c, k_h, k_w, .. } = extents;
        let vertical = [k_h, extents.stride_h, extents.dilation_h, extents.pad_top];
        let horizontal = [k_w, extents.stride_w, extents.dilation_w, extents.pad_left];
        let (rows, columns) = (axis(in_h, out_h, vertical), axis(in_w, out_w, horizontal));
        Window {
            images: extents.batches,
            in_h,
            in_w,
            in_c,
            out_h,
            out_w,
            out_c,
            k_h,
            k_w,
            pointwise: [k_h, k_w, extents.stride_h, extents.stride_w] == [1; 4],
            dense_columns: extents.dilation_w == 1,
            rows_back: rows.transposed(in_h),
            columns_back: columns.transposed(in_w),
            rows_by_tap: by_tap(&rows, k_h),
            columns_by_tap: by_tap(&columns, k_w),
            rows,
            columns,
        }
    }

    /// Elements of one input image.
    pub(crate) fn in_image(&self) -> usize {
        self.in_h * self.in_w * self.in_c
    }

    /// Elements of one output image.
    pub(crate) fn out_image(&self) -> usize {
        self.out_h * self.out_w * self.out_c
    }

    /// Where the input positions under an output position begin in an input image.
    #[inline(always)]
    pub(crate) fn positions(&self, pixel: usize) -> impl Iterator<Item = usize> {
        let columns = self.columns.of(pixel % self.out_w);
        let row =
            move |row: usize| columns.iter().map(move |column| (row * self.in_w + column.at) * self.in_c);
        self.rows.of(pixel / self.out_w).iter().flat_map(move |tap| row(tap.at))
    }

    /// Positions of one output image.
    pub(crate) fn out_pixels(&self) -> usize {
        self.out_h * self.out_w
    }
}

#[cfg(test)]
mod tests {
    use smidgen_ir::ops::conv_2d::Conv2d;
    use smidgen_ir::{Activation, Padding};

    use super::*;

    fn at(taps: &Taps, index: usize) -> Vec<(usize, usize)> {
        taps.of(index).iter().map(|tap| (tap.tap, tap.at)).collect()
    }

    #[test]
    fn lists_the_taps_from_every_side() {
        let op =
            Conv2d { stride: [2, 1], dilation: [1, 2], padding: Padding::Same, activation: Activation::None };
        let (extents, _) = op.window([1, 4, 3, 2], [5, 3, 2, 2]).unwrap();
        let window = Window::new(&extents);
        assert_eq!(at(&window.rows, 0), [(0, 0), (1, 1), (2, 2)]);
        assert_eq!(at(&window.rows, 1), [(0, 2), (1, 3)]);
        assert_eq!(at(&window.columns, 0), [(1, 1)]);
        assert_eq!(at(&window.columns, 1), [(0, 0), (1, 2)]);
        assert_eq!(at(&window.rows_back, 2), [(2, 0), (0, 1)]);
        assert_eq!(at(&window.columns_back, 0), [(0, 1)]);
        assert_eq!(at(&window.rows_by_tap, 2), [(0, 2)]);
        assert_eq!(at(&window.columns_by_tap, 1), [(0, 1), (1, 2)]);
        assert_eq!(window.positions(5).collect::<Vec<_>>(), [14, 20]);
    }
}
