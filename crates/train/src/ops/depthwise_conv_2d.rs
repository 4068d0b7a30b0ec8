//! DEPTHWISE_CONV_2D as direct loops over NHWC that vectorise along the channels.
//!
//! With a depth multiplier above 1 the input is first spread to one channel for each output channel.

use std::ops::Range;

use smidgen_ir::ops::depthwise_conv_2d::DepthwiseConv2d;

use crate::activation::{Clamp, add_bias_gradient};
use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::{Seen, grown, optional, optional_mut};
use crate::simd::{ChannelLoop, add_to_block, load, map, over_channels, store};
use crate::window::{Taps, Window};

/// A compiled DEPTHWISE_CONV_2D.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) clamp: Clamp,
    window: Window,
    filter: Range<usize>,
    bias: Option<Range<usize>>,
    multiplier: usize,
}

impl Layer {
    pub(crate) fn compile(op: &DepthwiseConv2d, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let filter: [usize; 4] = operands.extents(1)?;
        let extents = op.window(operands.extents(0)?, filter).map_err(|problem| operands.refuse(problem))?;
        Ok(Layer {
            clamp: Clamp::of(op.activation),
            window: Window::new(&extents),
            filter: operands.param(1, filter.iter().product())?,
            bias: operands.optional_param(2, extents.out_c)?,
            multiplier: op.depth_multiplier,
        })
    }

    /// Elements of an input image after spreading.
    fn spread_image(&self) -> usize {
        self.window.in_image() * self.multiplier
    }

    /// The input with one channel for each output channel.
    fn spread<'a>(&self, x: &'a [f32], scratch: &'a mut Vec<f32>) -> &'a [f32] {
        if self.multiplier == 1 {
            return x;
        }
        let spread = grown(scratch, x.len() * self.multiplier);
        for (copies, &x) in spread.chunks_exact_mut(self.multiplier).zip(x) {
            copies.fill(x);
        }
        spread
    }

    pub(crate) fn forward(&self, params: &[f32], x: &[f32], y: &mut [f32], n: usize, scratch: &mut Vec<f32>) {
        let w = &self.window;
        let correlate = Correlate {
            images: n * w.images,
            x: self.spread(x, scratch),
            filter: &params[self.filter.clone()],
            in_w: w.in_w,
            in_image: self.spread_image(),
            k_w: w.k_w,
            channels: w.out_c,
            rows: &w.rows,
            columns: &w.columns,
            y,
        };
        over_channels(w.out_c, correlate);
        self.clamp.finish(y, optional(params, &self.bias));
    }

    pub(crate) fn add_parameter_gradients(
        &self,
        seen: Seen<'_>,
        dparams: &mut [f32],
        n: usize,
        scratch: &mut Vec<f32>,
    ) {
        add_bias_gradient(seen.dy, optional_mut(dparams, &self.bias));
        let gradient = FilterGradient {
            images: n * self.window.images,
            window: &self.window,
            in_image: self.spread_image(),
            x: self.spread(seen.x[0], scratch),
            dy: seen.dy,
            dfilter: &mut dparams[self.filter.clone()],
        };
        over_channels(self.window.out_c, gradient);
    }

    pub(crate) fn input_gradient(&self, seen: Seen<'_>, dx: &mut [f32], n: usize, scratch: &mut Vec<f32>) {
        if self.multiplier == 1 {
            return self.spread_gradient(seen, dx, n);
        }
        let spread = grown(scratch, dx.len() * self.multiplier);
        self.spread_gradient(seen, spread, n);
        for (copies, dx) in spread.chunks_exact(self.multiplier).zip(dx) {
            *dx = copies.iter().sum();
        }
    }

    /// The gradient of the spread input: the same correlation, seen from the input's side.
    fn spread_gradient(&self, seen: Seen<'_>, dx: &mut [f32], n: usize) {
        let w = &self.window;
        let correlate = Correlate {
            images: n * w.images,
            x: seen.dy,
            filter: &seen.params[self.filter.clone()],
            in_w: w.out_w,
            in_image: w.out_image(),
            k_w: w.k_w,
            channels: w.out_c,
            rows: &w.rows_back,
            columns: &w.columns_back,
            y: dx,
        };
        over_channels(w.out_c, correlate);
    }
}

/// `y[pixel, c] = sum over taps of x[position under the tap, c] * filter[tap, c]`.
struct Correlate<'a> {
    images: usize,
    x: &'a [f32],
    filter: &'a [f32],
    /// Columns and elements of an image of `x`.
    in_w: usize,
    in_image: usize,
    k_w: usize,
    channels: usize,
    rows: &'a Taps,
    columns: &'a Taps,
    y: &'a mut [f32],
}

impl ChannelLoop for Correlate<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, channel: usize) {
        let (rows, columns) = (self.rows, self.columns);
        for image in 0..self.images {
            let x = &self.x[image * self.in_image..][..self.in_image];
            for row in 0..rows.len() {
                for column in 0..columns.len() {
                    let mut sums = [0.0; N];
                    for row in rows.of(row) {
                        for column in columns.of(column) {
                            let x = load::<N>(x, (row.at * self.in_w + column.at) * self.channels + channel);
                            let tap = (row.tap * self.k_w + column.tap) * self.channels + channel;
                            let filter = load::<N>(self.filter, tap);
                            sums = map(|i| sums[i] + x[i] * filter[i]);
                        }
                    }
                    let pixel = (image * rows.len() + row) * columns.len() + column;
                    store(self.y, pixel * self.channels + channel, sums);
                }
            }
        }
    }
}

/// `dfilter[tap, c] += sum over pixels of dy[pixel, c] * x[position under the tap, c]`.
struct FilterGradient<'a> {
    images: usize,
    window: &'a Window,
    /// Elements of an image of `x`.
    in_image: usize,
    x: &'a [f32],
    dy: &'a [f32],
    dfilter: &'a mut [f32],
}

impl ChannelLoop for FilterGradient<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, channel: usize) {
        let w = self.window;
        for image in 0..self.images {
            let x = &self.x[image * self.in_image..][..self.in_image];
            let dy = &self.dy[image * w.out_image()..][..w.out_image()];
            for k_y in 0..w.k_h {
                for k_x in 0..w.k_w {
                    let mut sums = [0.0; N];
                    for row in w.rows_by_tap.of(k_y) {
                        for column in w.columns_by_tap.of(k_x) {
                            let x = load::<N>(x, (row.at * w.in_w + column.at) * w.out_c + channel);
                            let dy = load::<N>(dy, (row.tap * w.out_w + column.tap) * w.out_c + channel);
                            sums = map(|i| sums[i] + x[i] * dy[i]);
                        }
                    }
                    add_to_block(self.dfilter, (k_y * w.k_w + k_x) * w.out_c + channel, sums);
                }
            }
        }
    }
}
