//! Convolutions without gathered patches: each row of the input is padded once, and the taps of a row are neighbours in it.

use smidgen_kernels::window::Window;

use super::axis::{Axis, Extents};
use super::tile::{self, Plane, blocks};
use crate::ops::grown;

/// Output columns from which on it pays.
const COLUMNS: usize = 4;

/// The axes of a convolution in both directions.
#[derive(Debug, Clone)]
pub(super) struct Direct {
    rows: Axis,
    columns: Axis,
    /// For each input gradient of positions that meet the same taps.
    rows_back: Vec<Axis>,
    columns_back: Vec<Axis>,
    size: [usize; 2],
    in_c: usize,
    out_c: usize,
}

impl Direct {
    /// The axes, or `None` where patches are better: dilated windows, and few columns.
    pub(super) fn new(window: &Window) -> Option<Self> {
        let &Window { in_h, in_w, in_c, out_h, out_w, out_c, k_h, k_w, .. } = window;
        let vertical = Extents {
            input: in_h,
            output: out_h,
            size: k_h,
            stride: window.stride_h,
            padding: window.pad_top,
        };
        let horizontal = Extents {
            input: in_w,
            output: out_w,
            size: k_w,
            stride: window.stride_w,
            padding: window.pad_left,
        };
        // A sequence along the rows is the same as one along the columns.
        let turned = [in_w, out_w, k_w] == [1; 3];
        let (rows, columns) = if turned { (horizontal, vertical) } else { (vertical, horizontal) };
        if [window.dilation_h, window.dilation_w] != [1, 1] || columns.output < COLUMNS {
            return None;
        }
        Some(Direct {
            rows_back: Axis::backward(&rows),
            columns_back: Axis::backward(&columns),
            rows: Axis::forward(&rows),
            columns: Axis::forward(&columns),
            size: [rows.size, columns.size],
            in_c,
            out_c,
        })
    }

    /// Elements of an input image, and of an output image.
    fn images(&self) -> (usize, usize) {
        (self.rows.len * self.columns.len * self.in_c, self.rows.n * self.columns.n * self.out_c)
    }

    /// Where the filter has the weight of a tap from an input to an output channel.
    fn weight(&self, row: usize, column: usize, input: usize, output: usize) -> usize {
        ((output * self.size[0] + row) * self.size[1] + column) * self.in_c + input
    }

    fn way(&self) -> Way<'_> {
        Way::new(&self.rows, &self.columns, self.in_c, self.out_c, self.columns.n)
    }

    pub(super) fn forward(&self, filter: &[f32], x: &[f32], y: &mut [f32], scratch: &mut Vec<f32>) {
        let ((input, output), way) = (self.images(), self.way());
        let (weights, padded) = way.memory(scratch);
        way.pack(|row, column, from, to| filter[self.weight(row, column, from, to)], weights);
        for (x, y) in x.chunks_exact(input).zip(y.chunks_exact_mut(output)) {
            tile::convolve(way.plane(x, padded), weights, y);
        }
    }

    pub(super) fn add_filter_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        dfilter: &mut [f32],
        scratch: &mut Vec<f32>,
    ) {
        let ((input, output), way) = (self.images(), self.way());
        let (dweights, padded) = way.memory(scratch);
        dweights.fill(0.0);
        for (x, dy) in x.chunks_exact(input).zip(dy.chunks_exact(output)) {
            tile::correlate(way.plane(x, padded), dy, dweights);
        }
        way.for_each(|at, row, column, from, to| dfilter[self.weight(row, column, from, to)] += dweights[at]);
    }

    pub(super) fn input_gradient(&self, filter: &[f32], dy: &[f32], dx: &mut [f32], scratch: &mut Vec<f32>) {
        let (input, output) = self.images();
        for rows in &self.rows_back {
            for columns in &self.columns_back {
                let way = Way::new(rows, columns, self.out_c, self.in_c, self.columns.len);
                let (weights, padded) = way.memory(scratch);
                way.pack(|row, column, from, to| filter[self.weight(row, column, to, from)], weights);
                for (dy, dx) in dy.chunks_exact(output).zip(dx.chunks_exact_mut(input)) {
                    tile::convolve(way.plane(dy, padded), weights, dx);
                }
            }
        }
    }
}

/// One direction: from source channels to destination channels along two axes.
struct Way<'a> {
    rows: &'a Axis,
    columns: &'a Axis,
    depth: usize,
    channels: usize,
    /// Columns of the destination image.
    width: usize,
    lanes: usize,
}

impl<'a> Way<'a> {
    fn new(rows: &'a Axis, columns: &'a Axis, depth: usize, channels: usize, width: usize) -> Self {
        Way { rows, columns, depth, channels, width, lanes: tile::lanes() }
    }

    /// Room for the weights in the order of [`tile::convolve`], and for a padded image.
    fn memory<'m>(&self, scratch: &'m mut Vec<f32>) -> (&'m mut [f32], &'m mut [f32]) {
        let positions = self.rows.taps.len() * self.columns.taps.len() * self.depth;
        let weights = positions * self.channels.next_multiple_of(self.lanes);
        let padded = self.rows.len * self.columns.padded_len() * self.depth;
        grown(scratch, weights + padded).split_at_mut(weights)
    }

    /// Visits the weights: place among them, row and column of the kernel, source and destination channel.
    fn for_each(&self, mut visit: impl FnMut(usize, usize, usize, usize, usize)) {
        let mut at = 0;
        for (first, vectors, n) in blocks(self.channels, self.lanes) {
            for &row in &self.rows.taps {
                for &column in &self.columns.taps {
                    for from in 0..self.depth {
                        (0..n).for_each(|to| visit(at + to, row, column, from, first + to));
                        at += vectors * self.lanes;
                    }
                }
            }
        }
    }

    fn pack(&self, weight: impl Fn(usize, usize, usize, usize) -> f32, weights: &mut [f32]) {
        weights.fill(0.0);
        self.for_each(|at, row, column, from, to| weights[at] = weight(row, column, from, to));
    }

    /// The image with its rows padded, where that is needed.
    fn plane<'p>(&'p self, source: &'p [f32], padded: &'p mut [f32]) -> Plane<'p> {
        let (row, padded_row) = (self.columns.len * self.depth, self.columns.padded_len() * self.depth);
        let (source, source_row) = if row == padded_row {
            (source, row)
        } else {
            let before = self.columns.before() * self.depth;
            for (from, to) in source.chunks_exact(row).zip(padded.chunks_exact_mut(padded_row)) {
                to[..before].fill(0.0);
                to[before..][..row].copy_from_slice(from);
                to[before + row..].fill(0.0);
            }
            (&*padded, padded_row)
        };
        Plane {
            rows: self.rows,
            columns: self.columns,
            source,
            depth: self.depth,
            source_row,
            row: self.width * self.channels,
            channels: self.channels,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::tile::{Convolve, Correlate};
    use super::*;
    use smidgen_ir::ops::conv_2d::Conv2d;
    use smidgen_ir::{Activation, Padding};

    /// Outputs and gradients of the filter with vectors of `lanes`, which `run` runs.
    fn both(
        direct: &Direct,
        lanes: usize,
        x: &[f32],
        filter: &[f32],
        run: &dyn Fn(Option<Convolve<'_>>, Option<Correlate<'_>>),
    ) -> (Vec<f32>, Vec<f32>) {
        let way = Way { lanes, ..direct.way() };
        let (mut scratch, mut y) = (Vec::new(), vec![0.0; direct.images().1]);
        let (weights, padded) = way.memory(&mut scratch);
        way.pack(|row, column, from, to| filter[direct.weight(row, column, from, to)], weights);
        run(Some(Convolve { plane: way.plane(x, padded), weights, y: &mut y }), None);
        let mut gradient = vec![0.0; filter.len()];
        weights.fill(0.0);
        run(None, Some(Correlate { plane: way.plane(x, padded), dy: &y, dw: weights }));
        way.for_each(|at, row, column, from, to| {
            gradient[direct.weight(row, column, from, to)] = weights[at]
        });
        (y, gradient)
    }

    #[test]
    fn every_vector_unit_gives_the_same() {
        use pulp::Arch;
        let op = |stride| Conv2d {
            stride: [stride, stride],
            dilation: [1, 1],
            padding: Padding::Same,
            activation: Activation::None,
        };
        // Two vectors, one and a part of one, on each unit; columns that tiles do not divide.
        for (stride, in_c, out_c) in [(1, 3, 37), (2, 5, 16), (1, 2, 8), (1, 1, 3)] {
            let (window, _) = op(stride).window([1, 6, 13, in_c], [out_c, 3, 3, in_c]).unwrap();
            let direct = Direct::new(&window).unwrap();
            let wave = |n: usize, by: f32| (0..n).map(|at| (at as f32 * by).sin()).collect::<Vec<f32>>();
            let (x, filter) = (wave(6 * 13 * in_c, 0.37), wave(out_c * 9 * in_c, 0.61));
            let own = both(&direct, tile::lanes(), &x, &filter, &|convolve, correlate| {
                convolve.into_iter().for_each(|work| Arch::new().dispatch(work));
                correlate.into_iter().for_each(|work| Arch::new().dispatch(work));
            });
            let same = |other: (Vec<f32>, Vec<f32>), unit: &str| {
                for (own, other) in [(&own.0, &other.0), (&own.1, &other.1)] {
                    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4 * (1.0 + a.abs());
                    assert!(
                        own.len() == other.len() && own.iter().zip(other).all(near),
                        "{unit}, {out_c} channels"
                    );
                }
            };
            let scalar = both(&direct, 1, &x, &filter, &|convolve, correlate| {
                convolve.into_iter().for_each(|work| pulp::WithSimd::with_simd(work, pulp::Scalar::new()));
                correlate.into_iter().for_each(|work| pulp::WithSimd::with_simd(work, pulp::Scalar::new()));
            });
            same(scalar, "scalar");
            #[cfg(target_arch = "x86_64")]
            if let Some(avx2) = pulp::x86::V3::try_new() {
                let avx2 = both(&direct, 8, &x, &filter, &|convolve, correlate| {
                    convolve.into_iter().for_each(|work| pulp::WithSimd::with_simd(work, avx2));
                    correlate.into_iter().for_each(|work| pulp::WithSimd::with_simd(work, avx2));
                });
                same(avx2, "AVX2");
            }
        }
    }
}
