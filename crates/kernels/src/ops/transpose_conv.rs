//! TRANSPOSE_CONV: `y[b, i, j, o] = act(bias[o] + sum over (k, l, c) of w[o, k, l, c] * x[b, i', j', c])` over all input
//! pixels with `i' * stride_h + k - pad_top = i`, columns likewise.
//!
//! Input and output are NHWC, the filter is OHWI. Source: TensorFlow Lite Micro, `reference_integer_ops::TransposeConv` and
//! `reference_ops::TransposeConv`. They scatter every input; here every output gathers, with the same sums.

mod int16;
mod layout;

pub use int16::{Int16, Int16Spec};

use layout::Layout;

use super::channels::Channels;
use super::dot::{Scratch, dot_rows, gather, part};
use crate::error::{activation_f32, attempt, length, optional_length, zero_point};
use crate::fixed::Output;
use crate::window::Window;
use crate::{InvalidSpec, WrongLength, float};

/// Everything about an int8 TRANSPOSE_CONV that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// The window of the convolution whose transpose this is: it slides over the output, one step for each input pixel, so
    /// `in_h`, `in_w` and `in_c` are those of the output here and `out_h`, `out_w` and `out_c` those of the input.
    pub window: Window,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Everything about a float TRANSPOSE_CONV that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32Spec {
    /// See [`Int8Spec::window`].
    pub window: Window,
    /// Lowest output; `f32::MIN` for none.
    pub act_min: f32,
    /// Highest output; `f32::MAX` for none.
    pub act_max: f32,
}

/// Int8 TRANSPOSE_CONV with one scale per output channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    layout: Layout,
    input_offset: i32,
    output: Output,
}

/// Float TRANSPOSE_CONV.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32 {
    layout: Layout,
    act_min: f32,
    act_max: f32,
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(spec.input_zero_point));
        Ok(Self {
            layout: attempt!(Layout::new(spec.window)),
            input_offset: -spec.input_zero_point,
            output: attempt!(Output::new(spec.output_zero_point, spec.act_min, spec.act_max)),
        })
    }

    /// Input NHWC, filter OHWI, bias `out_c` or empty, multiplier and shift (`-31..=30`, left above 0) `out_c`, the channels
    /// of the output.
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
        let layout = &self.layout;
        layout.check_lengths(input.len(), filter.len(), output.len())?;
        let channels = Channels::new(layout.out_c, bias, multiplier, shift, self.output)?;
        let Scratch { mut stretch, mut sums } = Scratch::new();
        layout.for_each_chunk(output, |pixel, first, output| {
            let sums = sums.get_mut(..output.len()).unwrap_or(&mut []);
            channels.start(first, 0, sums);
            layout.for_each_tap(pixel, |x, tap| {
                let x = part(input, x, layout.in_c);
                let mut from = first * layout.filter_row + tap * layout.in_c;
                for x in x.chunks(stretch.len()) {
                    let stretch = stretch.get_mut(..x.len()).unwrap_or(&mut []);
                    gather(x, self.input_offset, stretch);
                    dot_rows(stretch, filter, layout.filter_row, from, sums);
                    from += x.len();
                }
            });
            channels.store(first, sums, output);
        });
        Ok(())
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(activation_f32(spec.act_min, spec.act_max));
        let layout = attempt!(Layout::new(spec.window));
        Ok(Self { layout, act_min: spec.act_min, act_max: spec.act_max })
    }

    /// Input NHWC, filter OHWI, bias `out_c` or empty. Products are added in the order of the input, the bias last.
    #[inline(never)]
    pub fn run(
        &self,
        input: &[f32],
        filter: &[f32],
        bias: &[f32],
        output: &mut [f32],
    ) -> Result<(), WrongLength> {
        let layout = &self.layout;
        layout.check_lengths(input.len(), filter.len(), output.len())?;
        optional_length("bias", bias.len(), layout.out_c)?;
        layout.for_each_chunk(output, |pixel, first, output| {
            for (channel, output) in (first..).zip(output) {
                let mut sum = 0.0;
                layout.for_each_tap(pixel, |x, tap| {
                    let x = part(input, x, layout.in_c);
                    let w = part(filter, channel * layout.filter_row + tap * layout.in_c, layout.in_c);
                    sum = x.iter().zip(w).fold(sum, |sum, (x, w)| sum + x * w);
                });
                let sum = sum + bias.get(channel).copied().unwrap_or(0.0);
                *output = float::clamp(sum, self.act_min, self.act_max);
            }
        });
        Ok(())
    }
}

impl Layout {
    fn check_lengths(&self, input: usize, filter: usize, output: usize) -> Result<(), WrongLength> {
        length("input", input, self.in_len())?;
        length("filter", filter, self.out_c * self.filter_row)?;
        length("output", output, self.out_len())
    }
}

#[cfg(test)]
mod tests;
