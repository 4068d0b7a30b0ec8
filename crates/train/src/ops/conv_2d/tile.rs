//! The inner loops of a direct convolution over one image: tiles of sums that stay in the registers of the vector unit.

#![expect(
    clippy::needless_range_loop,
    clippy::manual_memcpy,
    reason = "only loops over constants stay in registers"
)]

use pulp::{Arch, Simd, WithSimd};

use super::axis::Axis;

/// Sums of a position: of two vectors of channels, or of one vector over the even and the odd elements of a run. Fewer
/// would wait for each other.
const SUMS: usize = 2;

/// An image with its axes: the rows of the source padded to the left and right.
#[derive(Clone, Copy)]
pub(super) struct Plane<'a> {
    pub(super) rows: &'a Axis,
    pub(super) columns: &'a Axis,
    pub(super) source: &'a [f32],
    /// Channels of a source position.
    pub(super) depth: usize,
    /// Elements of a source row.
    pub(super) source_row: usize,
    /// Elements of a destination row.
    pub(super) row: usize,
    /// Channels of a destination position.
    pub(super) channels: usize,
}

impl Plane<'_> {
    /// Source elements under one destination position in one row.
    fn run(&self) -> usize {
        self.columns.taps.len() * self.depth
    }

    /// Where destination row `y` and column `x` of the axes stand in the image.
    fn at(&self, y: usize, x: usize) -> usize {
        self.rows.position(y) * self.row + self.columns.position(x) * self.channels
    }
}

/// Lanes of the vectors of this machine.
pub(super) fn lanes() -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    Arch::new().dispatch(Lanes)
}

/// Blocks of channels that are summed together: two vectors, then one, which may be part of one. Returns the first
/// channel, the number of vectors and of channels.
pub(super) fn blocks(channels: usize, lanes: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let vectors = if channels.checked_sub(from)? >= 2 * lanes { 2 } else { 1 };
        let block = (from, vectors, (vectors * lanes).min(channels - from));
        from += vectors * lanes;
        (block.2 > 0).then_some(block)
    })
}

/// `y = sum over taps and source channels of source * weight`. The weights stand in the order of [`blocks`], in each by row
/// tap, column tap and source channel; `y` is the image.
pub(super) fn convolve(plane: Plane<'_>, weights: &[f32], y: &mut [f32]) {
    Arch::new().dispatch(Convolve { plane, weights, y });
}

/// `dw += sum over positions of source * dy`, with `dw` in the order of the weights of [`convolve`].
pub(super) fn correlate(plane: Plane<'_>, dy: &[f32], dw: &mut [f32]) {
    Arch::new().dispatch(Correlate { plane, dy, dw });
}

pub(super) struct Convolve<'a> {
    pub(super) plane: Plane<'a>,
    pub(super) weights: &'a [f32],
    pub(super) y: &'a mut [f32],
}

impl WithSimd for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for (from, vectors, n) in blocks(self.plane.channels, S::F32_LANES) {
            let len = self.plane.rows.taps.len() * self.plane.run() * vectors * S::F32_LANES;
            let (weights, rest) = self.weights.split_at(len);
            self.weights = rest;
            for y in 0..self.plane.rows.n {
                let mut x = 0;
                // Sixteen sums where there are registers for them, else eight.
                let wide = S::REGISTER_COUNT >= 32;
                let n_columns = self.plane.columns.n;
                while x < n_columns {
                    let to = (from, n);
                    x += match (vectors, n_columns - x) {
                        (2, 8..) if wide => self.tile::<S, 2, 8>(simd, weights, (y, x), to),
                        (2, 4..) => self.tile::<S, 2, 4>(simd, weights, (y, x), to),
                        (2, 2..) => self.tile::<S, 2, 2>(simd, weights, (y, x), to),
                        (2, _) => self.tile::<S, 2, 1>(simd, weights, (y, x), to),
                        (_, 8..) if wide => self.tile::<S, 1, 8>(simd, weights, (y, x), to),
                        (_, 4..) => self.tile::<S, 1, 4>(simd, weights, (y, x), to),
                        (_, 2..) => self.tile::<S, 1, 2>(simd, weights, (y, x), to),
                        _ => self.tile::<S, 1, 1>(simd, weights, (y, x), to),
                    };
                }
            }
        }
    }
}

impl Convolve<'_> {
    /// `P` positions of a row from `x` on, `V` vectors of channels each.
    #[inline(always)]
    fn tile<S: Simd, const V: usize, const P: usize>(
        &mut self,
        simd: S,
        weights: &[f32],
        (y, x): (usize, usize),
        (channel, n_channels): (usize, usize),
    ) -> usize {
        let Plane { rows, columns, source, source_row, depth, .. } = self.plane;
        let run = self.plane.run();
        let mut sums = [[simd.splat_f32s(0.0); SUMS]; P];
        for tap in rows.inside(y) {
            let row = &source[rows.source(y, tap) * source_row..][..source_row];
            let mut inputs = [&row[..0]; P];
            for p in 0..P {
                inputs[p] = &row[columns.padded(x + p) * depth..][..run];
            }
            let width = run * V * S::F32_LANES;
            let weights = S::as_simd_f32s(&weights[tap * width..][..width]).0;
            let (weights, rest) = weights.as_chunks::<SUMS>();
            if V == 2 {
                for (e, weight) in weights.iter().enumerate().take(run) {
                    for p in 0..P {
                        let input = simd.splat_f32s(inputs[p][e]);
                        for v in 0..SUMS {
                            sums[p][v] = simd.mul_add_e_f32s(input, weight[v], sums[p][v]);
                        }
                    }
                }
                continue;
            }
            let mut pairs = [&[[0.0; SUMS]; 0][..]; P];
            for p in 0..P {
                pairs[p] = &inputs[p].as_chunks().0[..run / SUMS];
            }
            for (e, weight) in weights.iter().enumerate().take(run / SUMS) {
                for p in 0..P {
                    for v in 0..SUMS {
                        let input = simd.splat_f32s(pairs[p][e][v]);
                        sums[p][v] = simd.mul_add_e_f32s(input, weight[v], sums[p][v]);
                    }
                }
            }
            for weight in rest {
                for p in 0..P {
                    let input = simd.splat_f32s(inputs[p][run - 1]);
                    sums[p][0] = simd.mul_add_e_f32s(input, *weight, sums[p][0]);
                }
            }
        }
        if V == 1 {
            for p in 0..P {
                sums[p][0] = simd.add_f32s(sums[p][0], sums[p][1]);
            }
        }
        let whole = n_channels == V * S::F32_LANES;
        for p in 0..P {
            let to = &mut self.y[self.plane.at(y, x + p) + channel..][..n_channels];
            if whole {
                let to = S::as_mut_simd_f32s(to).0;
                for v in 0..V {
                    to[v] = sums[p][v];
                }
            } else {
                simd.partial_store_f32s(to, sums[p][0]);
            }
        }
        P
    }
}

pub(super) struct Correlate<'a> {
    pub(super) plane: Plane<'a>,
    pub(super) dy: &'a [f32],
    pub(super) dw: &'a mut [f32],
}

impl WithSimd for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Correlate { plane, dy, dw } = self;
        let run = plane.run();
        let mut rest = dw;
        for (from, vectors, n) in blocks(plane.channels, S::F32_LANES) {
            let width = vectors * S::F32_LANES;
            for tap in 0..plane.rows.taps.len() {
                let (dw, other) = rest.split_at_mut(run * width);
                rest = other;
                let to = Sums { plane, dy, tap, from, n };
                let wide = S::REGISTER_COUNT >= 32;
                let mut e = 0;
                while e < run {
                    e += match (vectors, run - e) {
                        (2, 8..) if wide => to.tile::<S, 2, 8>(simd, e, dw),
                        (2, 4..) => to.tile::<S, 2, 4>(simd, e, dw),
                        (2, 2..) => to.tile::<S, 2, 2>(simd, e, dw),
                        (2, _) => to.tile::<S, 2, 1>(simd, e, dw),
                        (_, 16..) if wide => to.tile::<S, 1, 16>(simd, e, dw),
                        (_, 8..) => to.tile::<S, 1, 8>(simd, e, dw),
                        (_, 4..) => to.tile::<S, 1, 4>(simd, e, dw),
                        (_, 2..) => to.tile::<S, 1, 2>(simd, e, dw),
                        _ => to.tile::<S, 1, 1>(simd, e, dw),
                    };
                }
            }
        }
    }
}

/// The gradients of the weights of one row tap and a block of channels.
struct Sums<'a> {
    plane: Plane<'a>,
    dy: &'a [f32],
    tap: usize,
    from: usize,
    n: usize,
}

impl Sums<'_> {
    /// Those of `E` elements of the run from `e` on, in `V` vectors of channels.
    #[inline(always)]
    fn tile<S: Simd, const V: usize, const E: usize>(&self, simd: S, e: usize, dw: &mut [f32]) -> usize {
        let Plane { rows, columns, source, source_row, depth, channels, .. } = self.plane;
        let whole = self.n == V * S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); V]; E];
        for y in 0..rows.n {
            if !rows.inside(y).contains(&self.tap) {
                continue;
            }
            let row = &source[rows.source(y, self.tap) * source_row..][..source_row];
            let dy = &self.dy[self.plane.at(y, 0)..][..columns.n * channels];
            let inputs = row[columns.padded(0) * depth + e..].windows(E).step_by(columns.step * depth);
            for (dy, inputs) in dy.chunks_exact(channels).zip(inputs) {
                let dy = &dy[self.from..][..self.n];
                let mut slopes = [simd.splat_f32s(0.0); V];
                if whole {
                    let dy = S::as_simd_f32s(dy).0;
                    for v in 0..V {
                        slopes[v] = dy[v];
                    }
                } else {
                    slopes[0] = simd.partial_load_f32s(dy);
                }
                for i in 0..E {
                    let input = simd.splat_f32s(inputs[i]);
                    for v in 0..V {
                        sums[i][v] = simd.mul_add_e_f32s(input, slopes[v], sums[i][v]);
                    }
                }
            }
        }
        let dw = S::as_mut_simd_f32s(&mut dw[e * V * S::F32_LANES..][..E * V * S::F32_LANES]).0;
        for i in 0..E {
            for v in 0..V {
                dw[i * V + v] = simd.add_f32s(dw[i * V + v], sums[i][v]);
            }
        }
        E
    }
}
