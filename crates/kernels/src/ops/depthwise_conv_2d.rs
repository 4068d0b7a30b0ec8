//! DEPTHWISE_CONV_2D: `y[b, i, j, c * m + n] = act(bias[..] + sum over (k, l) of w[k, l, c * m + n] * x[b, i', j', c])`
//! with the depth multiplier `m` and `n` in `0..m`.
//!
//! Input and output are NHWC, the filter is 1HWO; padding counts as zero.
//! Source: TensorFlow Lite Micro, `reference_integer_ops::DepthwiseConvPerChannel` and `reference_ops::DepthwiseConv`.

mod int16;
mod rows;
mod stored;
mod variants;

pub use int16::{Int16, Int16Spec};
pub use stored::{Stored, StoredSpec};
pub use variants::{Int4, Int8Asymmetric, Int8AsymmetricSpec};

use super::channels::{Channels, SUMS};
use super::dot::{mac, part, tail};
use crate::error::{activation_f32, attempt, elements, ensure, length, optional_length, zero_point};
use crate::fixed::Output;
use crate::rows::rows_mut;
use crate::shared::Input;
use crate::window::{Pixel, Window, for_each_pixel, for_each_tap};
use crate::{InvalidSpec, Shared, WrongLength, float};

/// Everything about an int8 DEPTHWISE_CONV_2D that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Shapes, strides, dilation and padding.
    pub window: Window,
    /// Output channels per input channel: `out_c / in_c`.
    pub depth_multiplier: usize,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Everything about a float DEPTHWISE_CONV_2D that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32Spec {
    /// Shapes, strides, dilation and padding.
    pub window: Window,
    /// Output channels per input channel: `out_c / in_c`.
    pub depth_multiplier: usize,
    /// Lowest output; `f32::MIN` for none.
    pub act_min: f32,
    /// Highest output; `f32::MAX` for none.
    pub act_max: f32,
}

/// Int8 DEPTHWISE_CONV_2D with one scale per output channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    window: Window,
    depth_multiplier: usize,
    input_offset: i32,
    output: Output,
}

/// Float DEPTHWISE_CONV_2D.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32 {
    window: Window,
    depth_multiplier: usize,
    act_min: f32,
    act_max: f32,
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(check(&spec.window, spec.depth_multiplier));
        attempt!(zero_point(spec.input_zero_point));
        Ok(Self {
            window: spec.window,
            depth_multiplier: spec.depth_multiplier,
            input_offset: -spec.input_zero_point,
            output: attempt!(Output::new(spec.output_zero_point, spec.act_min, spec.act_max)),
        })
    }

    /// Input NHWC, filter 1HWO, bias `out_c` or empty, multiplier and shift (`-31..=30`, left above 0) `out_c`, or 1 for all.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run(
        &self,
        input: &[i8],
        filter: &[i8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        length("input", input.len(), self.window.in_len())?;
        length("filter", filter.len(), filter_len(&self.window))?;
        length("output", output.len(), self.window.out_len())?;
        let channels = Channels::new(self.window.out_c, bias, multiplier, shift, self.output)?;
        let mut sums = [0; SUMS];
        for_each_pixel!(&self.window, output, |pixel, output| {
            self.pixel(channels, filter, &mut sums, pixel, Input::whole(input), output);
        });
        Ok(())
    }

    /// As [`Int8::run`], with input and output in one piece of memory.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run_shared(
        &self,
        filter: &[i8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        shared: Shared<'_, i8>,
    ) -> Result<(), WrongLength> {
        length("filter", filter.len(), filter_len(&self.window))?;
        let channels = Channels::new(self.window.out_c, bias, multiplier, shift, self.output)?;
        let mut sums = [0; SUMS];
        shared.for_each_pixel(&self.window, |pixel, input, output| {
            self.pixel(channels, filter, &mut sums, pixel, input, output);
        })
    }

    /// The channels of one pixel.
    #[inline(always)]
    fn pixel(
        &self,
        channels: Channels<'_>,
        filter: &[i8],
        sums: &mut [i32; SUMS],
        pixel: &Pixel,
        input: Input<'_, i8>,
        output: &mut [i8],
    ) {
        // Either all channels, each with its own input channel, or those that share one.
        let channels_of_a_chunk =
            if self.depth_multiplier == 1 { self.window.out_c } else { self.depth_multiplier };
        let mut first = 0;
        for (in_c, output) in rows_mut(output, channels_of_a_chunk).enumerate() {
            for output in output.chunks_mut(SUMS) {
                let sums = sums.get_mut(..output.len()).unwrap_or(&mut []);
                channels.start(first, 0, sums);
                if self.depth_multiplier == 1 {
                    self.sum(pixel, input.after(first), tail(filter, first), self.window.out_c, sums);
                } else {
                    self.sum_shared(pixel, in_c, first, input, filter, sums);
                }
                channels.store(first, sums, output);
                first += output.len();
            }
        }
    }

    /// Sums of neighbouring channels, where every output channel has its own input channel. `input` and `filter` begin with the
    /// first of them; the weights of a tap lie `w_step` from those of the next.
    #[inline(always)]
    fn sum(&self, pixel: &Pixel, input: Input<'_, i8>, filter: &[i8], w_step: usize, sums: &mut [i32]) {
        let window = &self.window;
        let x_step = window.dilation_w * window.in_c;
        for row in 0..pixel.y.count {
            let y = pixel.y.first + row * window.dilation_h;
            let mut x = input.tail(window.in_index(pixel.batch, y, pixel.x.first));
            let mut w = tail(filter, ((pixel.y.tap + row) * window.k_w + pixel.x.tap) * w_step);
            let mut taps = pixel.x.count;
            while taps >= 3 {
                add_three(x, x_step, w, w_step, self.input_offset, sums);
                (x, w) = (tail(x, 3 * x_step), tail(w, 3 * w_step));
                taps -= 3;
            }
            for _ in 0..taps {
                add_one(x, w, self.input_offset, sums);
                (x, w) = (tail(x, x_step), tail(w, w_step));
            }
        }
    }

    /// Sums of the channels from `first` on, which share the input channel `in_c`.
    #[inline(always)]
    fn sum_shared(
        &self,
        pixel: &Pixel,
        in_c: usize,
        first: usize,
        input: Input<'_, i8>,
        filter: &[i8],
        sums: &mut [i32],
    ) {
        for_each_tap(&self.window, pixel, |x, tap| {
            if let Some(&x) = input.get(x + in_c) {
                let x = i32::from(x) + self.input_offset;
                for (sum, &w) in sums.iter_mut().zip(tail(filter, tap * self.window.out_c + first)) {
                    *sum = mac(*sum, x, w);
                }
            }
        });
    }
}

/// Adds one tap to the sums of neighbouring channels.
#[cfg_attr(feature = "host", inline(always))]
#[cfg_attr(not(feature = "host"), inline(never))]
fn add_one(x: &[i8], w: &[i8], x_offset: i32, sums: &mut [i32]) {
    for ((sum, &x), &w) in sums.iter_mut().zip(x).zip(w) {
        *sum = mac(*sum, i32::from(x) + x_offset, w);
    }
}

/// Adds three taps of a row to the sums of neighbouring channels: the sums are loaded and stored once for all three.
#[cfg_attr(feature = "host", inline(always))]
#[cfg_attr(not(feature = "host"), inline(never))]
fn add_three(x: &[i8], x_step: usize, w: &[i8], w_step: usize, x_offset: i32, sums: &mut [i32]) {
    let len = sums.len();
    let (x0, x1, x2) = (part(x, 0, len), part(x, x_step, len), part(x, 2 * x_step, len));
    let (w0, w1, w2) = (part(w, 0, len), part(w, w_step, len), part(w, 2 * w_step, len));
    let x = x0.iter().zip(x1).zip(x2);
    let w = w0.iter().zip(w1).zip(w2);
    for ((sum, ((&x0, &x1), &x2)), ((&w0, &w1), &w2)) in sums.iter_mut().zip(x).zip(w) {
        let partial = mac(*sum, i32::from(x0) + x_offset, w0);
        let partial = mac(partial, i32::from(x1) + x_offset, w1);
        *sum = mac(partial, i32::from(x2) + x_offset, w2);
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(check(&spec.window, spec.depth_multiplier));
        attempt!(activation_f32(spec.act_min, spec.act_max));
        Ok(Self {
            window: spec.window,
            depth_multiplier: spec.depth_multiplier,
            act_min: spec.act_min,
            act_max: spec.act_max,
        })
    }

    /// Input NHWC, filter 1HWO, bias `out_c` or empty. Products are added in filter order, the bias last.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run(
        &self,
        input: &[f32],
        filter: &[f32],
        bias: &[f32],
        output: &mut [f32],
    ) -> Result<(), WrongLength> {
        let window = &self.window;
        length("input", input.len(), window.in_len())?;
        length("filter", filter.len(), filter_len(window))?;
        optional_length("bias", bias.len(), window.out_c)?;
        length("output", output.len(), window.out_len())?;
        window.for_each_pixel(output, |pixel, output| {
            let mut out_c = 0;
            for (in_c, output) in rows_mut(output, self.depth_multiplier).enumerate() {
                for output in output {
                    let mut sum = 0.0;
                    for_each_tap(window, pixel, |x, tap| {
                        if let (Some(x), Some(w)) =
                            (input.get(x + in_c), filter.get(tap * window.out_c + out_c))
                        {
                            sum += x * w;
                        }
                    });
                    let sum = sum + bias.get(out_c).copied().unwrap_or(0.0);
                    *output = float::clamp(sum, self.act_min, self.act_max);
                    out_c += 1;
                }
            }
        });
        Ok(())
    }
}

/// The checks that both element types share.
const fn check(window: &Window, depth_multiplier: usize) -> Result<(), InvalidSpec> {
    attempt!(window.check());
    attempt!(elements(&[window.k_h, window.k_w, window.out_c]));
    let out_c = attempt!(elements(&[window.in_c, depth_multiplier]));
    ensure!(
        window.out_c == out_c,
        "the output channels must be the input channels times the depth multiplier"
    );
    Ok(())
}

/// Filter elements.
const fn filter_len(window: &Window) -> usize {
    window.k_h * window.k_w * window.out_c
}

#[cfg(test)]
mod tests;
