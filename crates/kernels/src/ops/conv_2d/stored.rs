//! CONV_2D with a filter in fewer bytes, a block of pixels at a time.

use super::layout::Layout;
use crate::error::{attempt, ensure, length, zero_point};
use crate::fixed::Output;
use crate::ops::channels::{Channels, SUMS};
use crate::ops::dot::{part, tail};
use crate::ops::stored::{self, Stored as Filter};
use crate::window::{Window, for_each_tap};
use crate::{InvalidSpec, WrongLength};

/// Input values of the windows that are gathered at once, four by four.
const FOURS: usize = 576;

/// The same one by one.
const GATHERED: usize = 4 * FOURS;

/// Everything about an int8 CONV_2D with a stored filter that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredSpec {
    /// Shapes, strides, dilation and padding.
    pub window: Window,
    /// Bits of a value of the filter: 1 to 8.
    pub bits: u32,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Int8 CONV_2D with one scale per output channel and a filter without its zeros, or of indices into a codebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    pub(super) layout: Layout,
    bits: u32,
    /// Whether the windows of the pixels are the input as it stands.
    is_whole: bool,
    n_pixels: usize,
    input_zero_point: i8,
    pub(super) output: Output,
}

impl Stored {
    /// Checks the specification. The window has at most 2304 values.
    pub const fn new(spec: StoredSpec) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(spec.input_zero_point));
        attempt!(stored::check_bits(spec.bits));
        let layout = attempt!(Layout::new(spec.window, 1));
        ensure!(layout.filter_row <= GATHERED, "a window must have at most 2304 values");
        let Window { batches, in_h, in_w, out_h, out_w, k_h, k_w, stride_h, stride_w, .. } = spec.window;
        let is_point = k_h == 1 && k_w == 1 && stride_h == 1 && stride_w == 1;
        Ok(Self {
            layout,
            bits: spec.bits,
            is_whole: is_point && in_h == out_h && in_w == out_w,
            n_pixels: batches * out_h * out_w,
            input_zero_point: spec.input_zero_point as i8,
            output: attempt!(Output::new(spec.output_zero_point, spec.act_min, spec.act_max)),
        })
    }

    /// Whether a filter row of `len` weights can be stored, without its zeros or with them.
    pub const fn holds(len: usize, skips: bool) -> bool {
        len <= if skips { FOURS } else { GATHERED }
    }

    /// Input NHWC; `out_c` filter rows as a mask with starts and as values, see `ops/stored.rs`; bias `out_c`, less the
    /// input's zero point times the sum of the row; multiplier and shift (`-31..=30`, left above 0) `out_c`, or 1 for all.
    #[expect(clippy::too_many_arguments, reason = "kernels take slices, one for each constant")]
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run(
        &self,
        input: &[i8],
        mask: &[u8],
        starts: &[u16],
        codebook: &[i8],
        values: &[u8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        let Layout { window, filter_row: row, .. } = self.layout;
        let filter = Filter { mask, starts, codebook, values, bits: self.bits };
        length("input", input.len(), window.in_len())?;
        filter.check(window.out_c, row)?;
        length("output", output.len(), window.out_len())?;
        length("bias", bias.len(), window.out_c)?;
        let channels = Channels::shared(window.out_c, bias, multiplier, shift, self.output)?;
        if !mask.is_empty() {
            let mut first = 0;
            let n = (4 * (FOURS / row.max(1))).clamp(4, SUMS);
            let mut gathered = [[self.input_zero_point; 4]; FOURS];
            while first < self.n_pixels {
                let block = n.min(self.n_pixels - first);
                self.gather_fours(input, first, block, &mut gathered);
                let output = block_mut(output, first, block, window.out_c);
                stored::compute(channels, window.out_c, output, |channel, sums| {
                    filter.add_fours(channel, row, &gathered, sums);
                });
                first += block;
            }
            return Ok(());
        }
        self.for_each_block(input, output, |inputs, n, output| {
            stored::compute(channels, window.out_c, output, |channel, sums| {
                filter.add_products(channel, row, inputs, sums.get_mut(..n).unwrap_or(&mut []));
            });
        });
        Ok(())
    }

    /// Calls `compute` with the windows of some pixels, one after the other, their number and their channels.
    #[inline(always)]
    pub(super) fn for_each_block(
        &self,
        input: &[i8],
        output: &mut [i8],
        mut compute: impl FnMut(&[i8], usize, &mut [i8]),
    ) {
        let Layout { window, filter_row: row, .. } = self.layout;
        let n = if self.is_whole { SUMS } else { (GATHERED / row.max(1)).clamp(1, SUMS) };
        let mut gathered = [self.input_zero_point; GATHERED];
        let mut first = 0;
        while first < self.n_pixels {
            let block = n.min(self.n_pixels - first);
            let inputs = if self.is_whole {
                part(input, first * row, block * row)
            } else {
                self.gather(input, first, block, &mut gathered);
                part(&gathered, 0, block * row)
            };
            compute(inputs, block, block_mut(output, first, block, window.out_c));
            first += block;
        }
    }

    /// The windows of some pixels, one after the other; the zero point where padding is.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    fn gather(&self, input: &[i8], first: usize, n: usize, gathered: &mut [i8]) {
        let Layout { window, filter_row: row, .. } = self.layout;
        let mut windows = gathered.chunks_exact_mut(row.max(1));
        for pixel in first..first + n {
            let Some(values) = windows.next() else { return };
            let pixel = window.pixel(pixel);
            if pixel.y.count * pixel.x.count < window.k_h * window.k_w {
                values.fill(self.input_zero_point);
            }
            for_each_tap(&window, &pixel, |x, tap| {
                let to = values.get_mut(tap * window.in_c..).unwrap_or(&mut []);
                let from = tail(input, x).get(..window.in_c).unwrap_or(&[]);
                for (to, &from) in to.iter_mut().zip(from) {
                    *to = from;
                }
            });
        }
    }

    /// The windows of some pixels, four side by side: the first place of four windows, then the next; the zero point where
    /// padding is.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    fn gather_fours(&self, input: &[i8], first: usize, n: usize, gathered: &mut [[i8; 4]]) {
        let Layout { window, filter_row: row, .. } = self.layout;
        let mut windows = gathered.chunks_exact_mut(row.max(1));
        let mut fours = windows.next();
        for (at, pixel) in (first..first + n).enumerate() {
            if at > 0 && at.is_multiple_of(4) {
                fours = windows.next();
            }
            let Some(values) = &mut fours else { return };
            let pixel = window.pixel(pixel);
            if pixel.y.count * pixel.x.count < window.k_h * window.k_w {
                values.iter_mut().for_each(|four| set(four, at, self.input_zero_point));
            }
            for_each_tap(&window, &pixel, |x, tap| {
                let to = values.get_mut(tap * window.in_c..).unwrap_or(&mut []);
                let from = tail(input, x).get(..window.in_c).unwrap_or(&[]);
                to.iter_mut().zip(from).for_each(|(four, &from)| set(four, at, from));
            });
        }
    }
}

/// Sets the value of the pixel that is the `at`th of its block.
#[inline(always)]
fn set(four: &mut [i8; 4], at: usize, value: i8) {
    if let Some(place) = four.get_mut(at % 4) {
        *place = value;
    }
}

/// The channels of some pixels.
#[inline(always)]
fn block_mut(output: &mut [i8], first: usize, n: usize, n_channels: usize) -> &mut [i8] {
    output.get_mut(first * n_channels..(first + n) * n_channels).unwrap_or(&mut [])
}
