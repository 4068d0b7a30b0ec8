//! CONV_2D: `y[b, i, j, o] = act(bias[o] + sum over (k, l, c) of w[o, k, l, c] * x[b, i', j', c])`.
//!
//! Input and output are NHWC, the filter is OHWI with `in_c / groups` input channels; padding counts as zero.
//! Source: TensorFlow Lite Micro, `reference_integer_ops::ConvPerChannel` and `reference_ops::Conv`.

use core::num::NonZeroUsize;

use super::channels::Channels;
use super::dot::{Layer, Scratch, gather, part, tail};
use crate::error::{activation_f32, attempt, elements, ensure, length, optional_length, zero_point};
use crate::fixed::Output;
use crate::rows::rows_mut;
use crate::window::{Pixel, Window, for_each_tap};
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
        Ok(Self {
            layout: attempt!(Layout::new(spec.window, spec.groups)),
            input_offset: -spec.input_zero_point,
            output: attempt!(Output::new(spec.output_zero_point, spec.act_min, spec.act_max)),
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
        let layer = Layer { len: layout.filter_row, filter, channels };
        let mut scratch = Scratch::new();
        layout.window.for_each_pixel(output, |pixel, output| {
            for (group, output) in rows_mut(output, layout.group_out_c).enumerate() {
                layer.compute(group * layout.group_out_c, 0, &mut scratch, output, |start, stretch| {
                    self.gather(pixel, group, start, input, stretch);
                });
            }
        });
        Ok(())
    }

    /// Fills the stretch with the window of one pixel, from element `start` of the filter row on; 0 where padding is.
    #[inline(never)]
    fn gather(&self, pixel: &Pixel, group: usize, start: usize, input: &[i8], mut stretch: &mut [i16]) {
        let Layout { window, group_in_c, unit, units_per_row, .. } = self.layout;
        let (Some(unit), Some(units_per_row)) = (NonZeroUsize::new(unit), NonZeroUsize::new(units_per_row))
        else {
            return;
        };
        let mut skipped = start % unit;
        let mut column = start / unit % units_per_row;
        let mut row = start / unit / units_per_row;
        while !stretch.is_empty() {
            let len = stretch.len().min(unit.get() - skipped);
            let Some((target, rest)) = stretch.split_at_mut_checked(len) else { return };
            // The part of the unit that lies inside the input, and the input column that it begins at.
            let (inside, x) = if !pixel.y.contains(row) {
                (0..0, 0)
            } else if units_per_row.get() == 1 {
                (pixel.x.tap * group_in_c..(pixel.x.tap + pixel.x.count) * group_in_c, pixel.x.first)
            } else if pixel.x.contains(column) {
                (0..group_in_c, pixel.x.first + (column - pixel.x.tap) * window.dilation_w)
            } else {
                (0..0, 0)
            };
            if inside.len() < unit.get() {
                target.fill(0);
            }
            if !inside.is_empty() {
                let y = pixel.y.first + (row - pixel.y.tap) * window.dilation_h;
                let at = window.in_index(pixel.batch, y, x) + group * group_in_c;
                let first = inside.start.saturating_sub(skipped);
                let end = inside.end.saturating_sub(skipped).min(len);
                let target = target.get_mut(first..end).unwrap_or(&mut []);
                gather(tail(input, at + skipped.saturating_sub(inside.start)), self.input_offset, target);
            }
            stretch = rest;
            skipped = 0;
            column += 1;
            if column == units_per_row.get() {
                column = 0;
                row += 1;
            }
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
            for (group, output) in rows_mut(output, layout.group_out_c).enumerate() {
                for output in output {
                    let row = part(filter, channel * layout.filter_row, layout.filter_row);
                    let mut sum = 0.0;
                    for_each_tap(&layout.window, pixel, |x, tap| {
                        let x = part(input, x + group * layout.group_in_c, layout.group_in_c);
                        let w = part(row, tap * layout.group_in_c, layout.group_in_c);
                        sum = x.iter().zip(w).fold(sum, |sum, (x, w)| sum + x * w);
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
    /// Elements of the filter row that are neighbours in the input too: a row of the kernel, or only a tap of it.
    unit: usize,
    /// Units in a row of the kernel.
    units_per_row: usize,
}

impl Layout {
    const fn new(window: Window, groups: usize) -> Result<Self, InvalidSpec> {
        attempt!(window.check());
        ensure!(groups > 0, "there must be at least one group");
        ensure!(window.in_c.is_multiple_of(groups), "the groups must divide the input channels");
        ensure!(window.out_c.is_multiple_of(groups), "the groups must divide the output channels");
        let group_in_c = window.in_c / groups;
        let units_per_row = if groups == 1 && window.dilation_w == 1 { 1 } else { window.k_w };
        attempt!(elements(&[window.out_c, window.k_h, window.k_w, group_in_c]));
        Ok(Self {
            window,
            group_in_c,
            group_out_c: window.out_c / groups,
            filter_row: window.k_h * window.k_w * group_in_c,
            unit: if units_per_row == 1 { window.k_w * group_in_c } else { group_in_c },
            units_per_row,
        })
    }

    const fn filter_len(&self) -> usize {
        self.window.out_c * self.filter_row
    }
}

#[cfg(test)]
mod tests;
