//! CONV_2D: `y[b, i, j, o] = act(bias[o] + sum over (k, l, c) of w[o, k, l, c] * x[b, i', j', c])`.
//!
//! Input and output are NHWC, the filter is OHWI with `in_c / groups` input channels; padding counts as zero.
//! Source: TensorFlow Lite Micro, `reference_integer_ops::ConvPerChannel` and `reference_ops::Conv`.

use super::channels::Channels;
use super::dot::{dot_1, dot_4, part};
use crate::error::{
    activation, activation_f32, attempt, elements, ensure, length, optional_length, zero_point,
};
use crate::fixed::Output;
use crate::window::{Pixel, Window};
use crate::{InvalidSpec, WrongLength, float};

/// Everything about an int8 CONV_2D that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Shapes, strides, dilation and padding.
    pub window: Window,
    /// Groups of channels that are convolved on their own; 1 for a plain convolution.
    pub groups: usize,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Everything about a float CONV_2D that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32Spec {
    /// Shapes, strides, dilation and padding.
    pub window: Window,
    /// Groups of channels that are convolved on their own; 1 for a plain convolution.
    pub groups: usize,
    /// Lowest output; `f32::MIN` for none.
    pub act_min: f32,
    /// Highest output; `f32::MAX` for none.
    pub act_max: f32,
}

/// Int8 CONV_2D with one scale per output channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    layout: Layout,
    input_offset: i32,
    output: Output,
}

/// Float CONV_2D.
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
        attempt!(zero_point(spec.output_zero_point));
        attempt!(activation(spec.act_min, spec.act_max));
        Ok(Self {
            layout: attempt!(Layout::new(spec.window, spec.groups)),
            input_offset: -spec.input_zero_point,
            output: Output {
                zero_point: spec.output_zero_point,
                act_min: spec.act_min,
                act_max: spec.act_max,
            },
        })
    }

    /// Input NHWC, filter OHWI, bias `out_c` or empty, multiplier and shift (`-31..=30`, left above 0) `out_c`.
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
        length("input", input.len(), layout.window.in_len())?;
        length("filter", filter.len(), layout.filter_len())?;
        length("output", output.len(), layout.window.out_len())?;
        let channels = Channels::new(layout.window.out_c, bias, multiplier, shift, self.output)?;
        layout.window.for_each_pixel(output, |pixel, output| {
            let mut first = 0;
            for (group, output) in output.chunks_exact_mut(layout.group_out_c.max(1)).enumerate() {
                self.group(pixel, group, first, input, filter, &channels, output);
                first += layout.group_out_c;
            }
        });
        Ok(())
    }

    /// The output channels of one group at one pixel, `first` being the first of them.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the operands of `run` pass through")]
    fn group(
        &self,
        pixel: &Pixel,
        group: usize,
        first: usize,
        input: &[i8],
        filter: &[i8],
        channels: &Channels<'_>,
        output: &mut [i8],
    ) {
        let layout = &self.layout;
        let row = layout.filter_row;
        let mut channel = first;
        let (fours, rest) = output.as_chunks_mut::<4>();
        for output in fours {
            let rows = part(filter, channel * row, 4 * row);
            let mut acc = [0; 4];
            layout.for_each_run(pixel, group, |x, w, len| {
                let rows = [0, row, 2 * row, 3 * row].map(|at| part(rows, at + w, len));
                dot_4(part(input, x, len), rows, self.input_offset, &mut acc);
            });
            channels.store(channel, &acc, output);
            channel += 4;
        }
        for output in rest {
            let rows = part(filter, channel * row, row);
            let mut acc = 0;
            layout.for_each_run(pixel, group, |x, w, len| {
                acc = dot_1(part(input, x, len), part(rows, w, len), self.input_offset, acc);
            });
            channels.store(channel, &[acc], core::slice::from_mut(output));
            channel += 1;
        }
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(activation_f32(spec.act_min, spec.act_max));
        let layout = attempt!(Layout::new(spec.window, spec.groups));
        Ok(Self { layout, act_min: spec.act_min, act_max: spec.act_max })
    }

    /// Input NHWC, filter OHWI, bias `out_c` or empty. Products are added in filter order, the bias last.
    #[inline(never)]
    pub fn run(
        &self,
        input: &[f32],
        filter: &[f32],
        bias: &[f32],
        output: &mut [f32],
    ) -> Result<(), WrongLength> {
        let layout = &self.layout;
        length("input", input.len(), layout.window.in_len())?;
        length("filter", filter.len(), layout.filter_len())?;
        optional_length("bias", bias.len(), layout.window.out_c)?;
        length("output", output.len(), layout.window.out_len())?;
        layout.window.for_each_pixel(output, |pixel, output| {
            let mut channel = 0;
            for (group, output) in output.chunks_exact_mut(layout.group_out_c.max(1)).enumerate() {
                for output in output {
                    let row = part(filter, channel * layout.filter_row, layout.filter_row);
                    let mut sum = 0.0;
                    layout.for_each_run(pixel, group, |x, w, len| {
                        for (&x, &w) in part(input, x, len).iter().zip(part(row, w, len)) {
                            sum += x * w;
                        }
                    });
                    let sum = sum + bias.get(channel).copied().unwrap_or(0.0);
                    *output = float::clamp(sum, self.act_min, self.act_max);
                    channel += 1;
                }
            }
        });
        Ok(())
    }
}

/// How windows, groups and filters lie in memory, for both element types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    window: Window,
    /// Input channels of a group.
    group_in_c: usize,
    /// Output channels of a group.
    group_out_c: usize,
    /// Filter elements of an output channel.
    filter_row: usize,
    /// Whether neighbouring taps of a row are neighbours in memory too.
    rows_are_contiguous: bool,
}

impl Layout {
    const fn new(window: Window, groups: usize) -> Result<Self, InvalidSpec> {
        attempt!(window.check());
        ensure!(groups > 0, "there must be at least one group");
        ensure!(window.in_c % groups == 0, "the groups must divide the input channels");
        ensure!(window.out_c % groups == 0, "the groups must divide the output channels");
        let group_in_c = window.in_c / groups;
        attempt!(elements(&[window.out_c, window.k_h, window.k_w, group_in_c]));
        Ok(Self {
            window,
            group_in_c,
            group_out_c: window.out_c / groups,
            filter_row: window.k_h * window.k_w * group_in_c,
            rows_are_contiguous: groups == 1 && window.dilation_w == 1,
        })
    }

    const fn filter_len(&self) -> usize {
        self.window.out_c * self.filter_row
    }

    /// Calls `f` with the input index, the index in the filter row, and the length of each contiguous run of products
    /// of one output, in filter order. Taps outside the input are left out.
    #[inline(always)]
    fn for_each_run(&self, pixel: &Pixel, group: usize, mut f: impl FnMut(usize, usize, usize)) {
        let window = &self.window;
        let (runs, len) = if self.rows_are_contiguous {
            (1, pixel.x.count * self.group_in_c)
        } else {
            (pixel.x.count, self.group_in_c)
        };
        for row in 0..pixel.y.count {
            let y = pixel.y.first + row * window.dilation_h;
            let mut x = window.in_index(pixel.batch, y, pixel.x.first) + group * self.group_in_c;
            let mut w = ((pixel.y.tap + row) * window.k_w + pixel.x.tap) * self.group_in_c;
            for _ in 0..runs {
                f(x, w, len);
                x += window.dilation_w * window.in_c;
                w += self.group_in_c;
            }
        }
    }
}

#[cfg(test)]
mod tests;
