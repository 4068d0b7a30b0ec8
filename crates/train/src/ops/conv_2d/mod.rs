//! CONV_2D as matrix products: `y[pixel, o] = act(bias[o] + sum over taps and i of patch[pixel, tap, i] * w[o, tap, i])`.
//!
//! A 1×1 convolution of stride 1 reads the input as it stands, and most others need no patches either (`direct`). Those of
//! the rest are gathered for a block of pixels at a time, so that they stay in the cache.

mod axis;
mod direct;
mod tile;

use std::ops::Range;

use smidgen_ir::ops::conv_2d::Conv2d;

use direct::Direct;

use crate::activation::{Clamp, add_bias_gradient};
use crate::error::TrainError;
use crate::gemm::{Mat, gemm};
use crate::linear;
use crate::operands::Operands;
use crate::ops::{Seen, grown, optional, optional_mut};
use crate::window::Window;

/// Elements of a block of patches: 128 KiB.
const BLOCK: usize = 32 * 1024;

/// A compiled CONV_2D.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) clamp: Clamp,
    window: Window,
    filter: Range<usize>,
    bias: Option<Range<usize>>,
    direct: Option<Box<Direct>>,
    groups: usize,
    /// Input channels of a group.
    group_in: usize,
    /// Output channels of a group.
    group_out: usize,
}

impl Layer {
    pub(crate) fn compile(op: &Conv2d, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let filter: [usize; 4] = operands.extents(1)?;
        let [out_c, _, _, group_in] = filter;
        let window = op.window(operands.extents(0)?, filter);
        let (extents, groups) = window.map_err(|problem| operands.refuse(problem))?;
        Ok(Layer {
            clamp: Clamp::of(op.activation),
            window: Window::new(&extents),
            direct: Direct::new(&extents).filter(|_| groups == 1).map(Box::new),
            filter: operands.param(1, filter.iter().product())?,
            bias: operands.optional_param(2, out_c)?,
            groups,
            group_in,
            group_out: out_c / groups,
        })
    }

    fn is_linear(&self) -> bool {
        self.window.pointwise && self.groups == 1
    }

    fn extents(&self, n: usize) -> [usize; 3] {
        [n * self.window.images * self.window.out_pixels(), self.window.in_c, self.window.out_c]
    }

    /// Elements of one patch of a group.
    fn depth(&self) -> usize {
        self.window.k_h * self.window.k_w * self.group_in
    }

    fn filter_of<'a>(&self, params: &'a [f32], group: usize) -> Mat<'a> {
        let (rows, depth) = (self.group_out, self.depth());
        Mat::row_major(&params[self.filter.clone()][group * rows * depth..], rows, depth, depth)
    }

    /// Blocks of pixels and groups: `(pixels, group)`.
    fn blocks(&self, n: usize) -> impl Iterator<Item = (Range<usize>, usize)> {
        let pixels = n * self.window.images * self.window.out_pixels();
        let step = (BLOCK / self.depth().max(1)).max(8);
        let block = move |start: usize| start..(start + step).min(pixels);
        (0..pixels)
            .step_by(step)
            .flat_map(move |start| (0..self.groups).map(move |group| (block(start), group)))
    }

    pub(crate) fn forward(&self, params: &[f32], x: &[f32], y: &mut [f32], n: usize, scratch: &mut Vec<f32>) {
        let out_c = self.window.out_c;
        if self.is_linear() {
            linear::forward(x, &params[self.filter.clone()], self.extents(n), y);
        } else if let Some(direct) = &self.direct {
            direct.forward(&params[self.filter.clone()], x, y, scratch);
        } else {
            for (pixels, group) in self.blocks(n) {
                let patches = self.gather(x, &pixels, group, scratch);
                let y = &mut y[pixels.start * out_c + group * self.group_out..];
                gemm(y, out_c, false, patches, self.filter_of(params, group).transposed());
            }
        }
        self.clamp.finish(y, optional(params, &self.bias));
    }

    pub(crate) fn add_parameter_gradients(
        &self,
        seen: Seen<'_>,
        dparams: &mut [f32],
        n: usize,
        scratch: &mut Vec<f32>,
    ) {
        let (out_c, depth) = (self.window.out_c, self.depth());
        add_bias_gradient(seen.dy, optional_mut(dparams, &self.bias));
        let dfilter = &mut dparams[self.filter.clone()];
        if self.is_linear() {
            return linear::add_weight_gradient(seen.x[0], seen.dy, self.extents(n), dfilter);
        }
        if let Some(direct) = &self.direct {
            return direct.add_filter_gradient(seen.x[0], seen.dy, dfilter, scratch);
        }
        for (pixels, group) in self.blocks(n) {
            let patches = self.gather(seen.x[0], &pixels, group, scratch);
            let dy = &seen.dy[pixels.start * out_c + group * self.group_out..];
            let dy = Mat::row_major(dy, pixels.len(), self.group_out, out_c);
            gemm(&mut dfilter[group * self.group_out * depth..], depth, true, dy.transposed(), patches);
        }
    }

    pub(crate) fn input_gradient(&self, seen: Seen<'_>, dx: &mut [f32], n: usize, scratch: &mut Vec<f32>) {
        if self.is_linear() {
            return linear::input_gradient(seen.dy, &seen.params[self.filter.clone()], self.extents(n), dx);
        }
        if let Some(direct) = &self.direct {
            return direct.input_gradient(&seen.params[self.filter.clone()], seen.dy, dx, scratch);
        }
        let (out_c, depth) = (self.window.out_c, self.depth());
        dx.fill(0.0);
        for (pixels, group) in self.blocks(n) {
            let dy = &seen.dy[pixels.start * out_c + group * self.group_out..];
            let dy = Mat::row_major(dy, pixels.len(), self.group_out, out_c);
            let dpatches = grown(scratch, pixels.len() * depth);
            gemm(dpatches, depth, false, dy, self.filter_of(seen.params, group));
            for (pixel, dpatch) in pixels.zip(dpatches.chunks_exact(depth)) {
                self.for_runs(pixel, group, |at, from, len| {
                    dx[at..][..len].iter_mut().zip(&dpatch[from..][..len]).for_each(|(dx, d)| *dx += d);
                });
            }
        }
    }

    /// Gathers the patches of `pixels` of a group: one row each, taps outside the data nought.
    fn gather<'a>(
        &self,
        x: &[f32],
        pixels: &Range<usize>,
        group: usize,
        scratch: &'a mut Vec<f32>,
    ) -> Mat<'a> {
        let depth = self.depth();
        let patches = grown(scratch, pixels.len() * depth);
        for (pixel, patch) in pixels.clone().zip(patches.chunks_exact_mut(depth)) {
            patch.fill(0.0);
            self.for_runs(pixel, group, |at, to, len| {
                patch[to..][..len].iter_mut().zip(&x[at..][..len]).for_each(|(patch, x)| *patch = *x);
            });
        }
        Mat::row_major(patches, pixels.len(), depth, depth)
    }

    /// Calls `visit(start in the input, start in the patch, length)` for the runs of elements that a patch shares with
    /// the input.
    #[inline(always)]
    fn for_runs(&self, pixel: usize, group: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let w = &self.window;
        let (image, pixel) = (pixel / w.out_pixels(), pixel % w.out_pixels());
        let columns = w.columns.of(pixel % w.out_w);
        let base = image * w.in_image() + group * self.group_in;
        for row in w.rows.of(pixel / w.out_w) {
            let (from, to) = (base + row.at * w.in_w * w.in_c, row.tap * w.k_w * self.group_in);
            match columns.first() {
                Some(first) if w.dense_columns && self.groups == 1 => {
                    visit(from + first.at * w.in_c, to + first.tap * w.in_c, columns.len() * w.in_c);
                }
                _ => columns.iter().for_each(|column| {
                    visit(from + column.at * w.in_c, to + column.tap * self.group_in, self.group_in);
                }),
            }
        }
    }
}
