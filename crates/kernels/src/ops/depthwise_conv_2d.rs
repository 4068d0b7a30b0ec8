//! DEPTHWISE_CONV_2D: `y[b, i, j, c * m + n] = act(bias[..] + sum over (k, l) of w[k, l, c * m + n] * x[b, i', j', c])`
//! with the depth multiplier `m` and `n` in `0..m`.
//!
//! Input and output are NHWC, the filter is 1HWO; padding counts as zero.
//! Source: TensorFlow Lite Micro, `reference_integer_ops::DepthwiseConvPerChannel` and `reference_ops::DepthwiseConv`.

use super::channels::Channels;
use super::dot::mac;
use crate::error::{
    activation, activation_f32, attempt, elements, ensure, length, optional_length, zero_point,
};
use crate::fixed::Output;
use crate::window::{Pixel, Window};
use crate::{InvalidSpec, WrongLength, float};

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
        attempt!(zero_point(spec.output_zero_point));
        attempt!(activation(spec.act_min, spec.act_max));
        Ok(Self {
            window: spec.window,
            depth_multiplier: spec.depth_multiplier,
            input_offset: -spec.input_zero_point,
            output: Output {
                zero_point: spec.output_zero_point,
                act_min: spec.act_min,
                act_max: spec.act_max,
            },
        })
    }

    /// Input NHWC, filter 1HWO, bias `out_c` or empty, multiplier and shift (`-31..=30`, left above 0) `out_c`.
    #[inline(never)]
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
        self.window.for_each_pixel(output, |pixel, output| {
            if self.depth_multiplier == 1 {
                self.blocks::<false>(pixel, 0, 0, input, filter, &channels, output);
            } else {
                let mut first = 0;
                for (in_c, output) in output.chunks_exact_mut(self.depth_multiplier.max(1)).enumerate() {
                    self.blocks::<true>(pixel, in_c, first, input, filter, &channels, output);
                    first += self.depth_multiplier;
                }
            }
        });
        Ok(())
    }

    /// Output channels `out_c..` of a pixel, read from input channels `in_c..`, or all from `in_c` if `SHARED`.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the operands of `run` pass through")]
    fn blocks<const SHARED: bool>(
        &self,
        pixel: &Pixel,
        mut in_c: usize,
        mut out_c: usize,
        input: &[i8],
        filter: &[i8],
        channels: &Channels<'_>,
        output: &mut [i8],
    ) {
        let (fours, rest) = output.as_chunks_mut::<4>();
        for output in fours {
            let acc = self.block::<4, SHARED>(pixel, in_c, out_c, input, filter);
            channels.store(out_c, &acc, output);
            in_c += if SHARED { 0 } else { 4 };
            out_c += 4;
        }
        for output in rest {
            let acc = self.block::<1, SHARED>(pixel, in_c, out_c, input, filter);
            channels.store(out_c, &acc, core::slice::from_mut(output));
            in_c += if SHARED { 0 } else { 1 };
            out_c += 1;
        }
    }

    /// Accumulators of `N` output channels of a pixel.
    #[inline(always)]
    fn block<const N: usize, const SHARED: bool>(
        &self,
        pixel: &Pixel,
        in_c: usize,
        out_c: usize,
        input: &[i8],
        filter: &[i8],
    ) -> [i32; N] {
        let window = &self.window;
        let mut acc = [0; N];
        for_each_tap(window, pixel, |x, w| {
            let x = input.get(x + in_c..).unwrap_or(&[]);
            let Some(w) = filter.get(w + out_c..).and_then(<[i8]>::first_chunk::<N>) else { return };
            if SHARED {
                let Some(&x) = x.first() else { return };
                let x = i32::from(x) + self.input_offset;
                for (acc, &w) in acc.iter_mut().zip(w) {
                    *acc = mac(*acc, x, w);
                }
            } else {
                let Some(x) = x.first_chunk::<N>() else { return };
                for ((acc, &x), &w) in acc.iter_mut().zip(x).zip(w) {
                    *acc = mac(*acc, i32::from(x) + self.input_offset, w);
                }
            }
        });
        acc
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
    #[inline(never)]
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
            for (in_c, output) in output.chunks_exact_mut(self.depth_multiplier.max(1)).enumerate() {
                for output in output {
                    let mut sum = 0.0;
                    for_each_tap(window, pixel, |x, w| {
                        if let (Some(x), Some(w)) = (input.get(x + in_c), filter.get(w + out_c)) {
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

/// Calls `f` with the indices of channel 0 in the input and in the filter for every tap inside the input.
#[inline(always)]
fn for_each_tap(window: &Window, pixel: &Pixel, mut f: impl FnMut(usize, usize)) {
    for row in 0..pixel.y.count {
        let y = pixel.y.first + row * window.dilation_h;
        let mut x = window.in_index(pixel.batch, y, pixel.x.first);
        let mut w = ((pixel.y.tap + row) * window.k_w + pixel.x.tap) * window.out_c;
        for _ in 0..pixel.x.count {
            f(x, w);
            x += window.dilation_w * window.in_c;
            w += window.out_c;
        }
    }
}

#[cfg(test)]
mod tests;
