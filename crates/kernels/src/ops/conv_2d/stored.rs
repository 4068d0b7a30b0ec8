//! CONV_2D with a filter in fewer bytes, a block of pixels at a time.

use super::layout::Layout;
use crate::error::{attempt, ensure, length, zero_point};
use crate::fixed::Output;
use crate::ops::channels::{Channels, SUMS};
use crate::ops::dot::part;
use crate::ops::stored::{self, Stored as Filter};
use crate::shared::{Apart, Blocks, Input};
use crate::window::{Window, for_each_tap};
use crate::{InvalidSpec, Shared, WrongLength};

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
        Ok(Self {
            layout,
            bits: spec.bits,
            is_whole: is_whole(&spec.window),
            input_zero_point: spec.input_zero_point as i8,
            output: attempt!(Output::new(spec.output_zero_point, spec.act_min, spec.act_max)),
        })
    }

    /// Whether a filter row of `len` weights can be stored, without its zeros or with them.
    pub const fn holds(len: usize, skips: bool) -> bool {
        len <= if skips { FOURS } else { GATHERED }
    }

    /// Output pixels that are computed at once, with a filter without its zeros or with them.
    pub const fn pixels_at_once(window: &Window, skips: bool) -> usize {
        let row = window.k_h * window.k_w * window.in_c;
        if skips {
            pixels_of(4 * FOURS, row, 4)
        } else if is_whole(window) {
            SUMS
        } else {
            pixels_of(GATHERED, row, 1)
        }
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
        let filter = Filter { mask, starts, codebook, values, bits: self.bits };
        self.compute(filter, (bias, multiplier, shift), Apart { input, output })
    }

    /// As [`Stored::run`], with input and output in one piece of memory.
    #[expect(clippy::too_many_arguments, reason = "kernels take slices, one for each constant")]
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run_shared(
        &self,
        mask: &[u8],
        starts: &[u16],
        codebook: &[i8],
        values: &[u8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        shared: Shared<'_, i8>,
    ) -> Result<(), WrongLength> {
        let filter = Filter { mask, starts, codebook, values, bits: self.bits };
        self.compute(filter, (bias, multiplier, shift), shared)
    }

    #[inline(always)]
    fn compute(
        &self,
        filter: Filter<'_>,
        (bias, multiplier, shift): (&[i32], &[i32], &[i8]),
        place: impl Blocks<i8>,
    ) -> Result<(), WrongLength> {
        let Layout { window, filter_row: row, .. } = self.layout;
        filter.check(window.out_c, row)?;
        length("bias", bias.len(), window.out_c)?;
        let channels = Channels::new(window.out_c, bias, multiplier, shift, self.output)?;
        if filter.mask.is_empty() {
            return self.for_each_block(place, |inputs, n, output| {
                stored::compute(channels, window.out_c, output, |channel, sums| {
                    filter.add_products(channel, row, inputs, sums.get_mut(..n).unwrap_or(&mut []));
                });
            });
        }
        let mut gathered = [[self.input_zero_point; 4]; FOURS];
        place.for_each_block(&window, Self::pixels_at_once(&window, true), |input, first, n, output| {
            self.gather_fours(input, first, n, &mut gathered);
            stored::compute(channels, window.out_c, output, |channel, sums| {
                filter.add_fours(channel, row, &gathered, sums);
            });
        })
    }

    /// Calls `compute` with the windows of some pixels, one after the other, their number and their channels.
    #[inline(always)]
    pub(super) fn for_each_block(
        &self,
        place: impl Blocks<i8>,
        mut compute: impl FnMut(&[i8], usize, &mut [i8]),
    ) -> Result<(), WrongLength> {
        let Layout { window, filter_row: row, .. } = self.layout;
        let mut gathered = [self.input_zero_point; GATHERED];
        place.for_each_block(&window, Self::pixels_at_once(&window, false), |input, first, n, output| {
            let inputs = if self.is_whole {
                input.part(first * row, n * row)
            } else {
                self.gather(input, first, n, &mut gathered);
                part(&gathered, 0, n * row)
            };
            compute(inputs, n, output);
        })
    }

    /// The windows of some pixels, one after the other; the zero point where padding is.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    fn gather(&self, input: Input<'_, i8>, first: usize, n: usize, gathered: &mut [i8]) {
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
                let from = input.part(x, window.in_c);
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
    fn gather_fours(&self, input: Input<'_, i8>, first: usize, n: usize, gathered: &mut [[i8; 4]]) {
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
                let from = input.part(x, window.in_c);
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

/// Whether the windows of the pixels are the input as it stands.
const fn is_whole(window: &Window) -> bool {
    let Window { in_h, in_w, out_h, out_w, k_h, k_w, stride_h, stride_w, .. } = *window;
    k_h == 1 && k_w == 1 && stride_h == 1 && stride_w == 1 && in_h == out_h && in_w == out_w
}

/// Pixels whose windows of `row` values fit into so many: a multiple of `by`, at least that and at most [`SUMS`].
const fn pixels_of(values: usize, row: usize, by: usize) -> usize {
    let n = match (values / by).checked_div(row) {
        Some(n) => n * by,
        None => by,
    };
    if n < by {
        by
    } else if n > SUMS {
        SUMS
    } else {
        n
    }
}
