//! CONV_2D: `y[b, i, j, o] = act(bias[o] + sum over (k, l, c) of w[o, k, l, c] * x[b, i', j', c])`.
//!
//! Input and output are NHWC, the filter is OHWI with `in_c / groups` input channels; padding counts as zero.
//! Source: TensorFlow Lite Micro, `reference_integer_ops::ConvPerChannel` and `reference_ops::Conv`, with the
//! filter zero point of its uint8 form.

mod added;
mod coded;
mod int16;
mod layout;
mod stepped;
mod stored;

pub use added::{Int8Added, Int8AddedSpec};
pub use coded::Coded;
pub use int16::{Int16, Int16Spec};
pub use stepped::{Int8Stepped, Int8SteppedSpec};
pub use stored::{Stored, StoredSpec};

use layout::{Layout, WindowInputs};

use super::channels::{Channels, Finish};
use super::dot::{Filter, Layer, Scratch, Shifted, part};
#[cfg(feature = "host")]
use super::dot::{Inputs, Tile};
use super::packed::Packed;
use crate::error::{activation_f32, attempt, length, optional_length, zero_point};
use crate::fixed::Output;
use crate::rows::rows_mut;
use crate::shared::Input;
use crate::window::{Pixel, Window, for_each_pixel, for_each_tap};
use crate::{InvalidSpec, Shared, WrongLength, float};

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

/// Everything about an int8 CONV_2D whose filter has a zero point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8AsymmetricSpec {
    /// Shapes, strides, dilation and padding.
    pub window: Window,
    /// Groups of channels that are convolved on their own; 1 for a plain convolution.
    pub groups: usize,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the filter.
    pub filter_zero_point: i32,
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

/// Int8 CONV_2D with one scale per output channel and 4-bit weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int4 {
    layer: Int8,
}

/// Int8 CONV_2D whose filter has a zero point, as filters of uint8 networks have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Asymmetric {
    layer: Int8,
    filter_offset: i32,
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

    /// Input NHWC, filter OHWI, bias `out_c` or empty, multiplier and shift (`-31..=30`, left above 0) `out_c`, or 1 for all.
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
        self.compute(input, filter, self.channels(bias, multiplier, shift)?, output)
    }

    #[inline(always)]
    fn channels<'a>(
        &self,
        bias: &'a [i32],
        multiplier: &'a [i32],
        shift: &'a [i8],
    ) -> Result<Channels<'a>, WrongLength> {
        Channels::new(self.layout.window.out_c, bias, multiplier, shift, self.output)
    }

    #[inline(always)]
    fn check(&self, input: &[i8], filter: impl Filter, output: &[i8]) -> Result<(), WrongLength> {
        length("input", input.len(), self.layout.window.in_len())?;
        filter.check(self.layout.filter_len())?;
        length("output", output.len(), self.layout.window.out_len())
    }

    /// [`Int8::run`] with any kind of filter.
    #[inline(always)]
    fn compute(
        &self,
        input: &[i8],
        filter: impl Filter,
        channels: Channels<'_, impl Finish>,
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        let layout = &self.layout;
        self.check(input, filter, output)?;
        #[cfg(feature = "host")]
        if Tile::holds(layout.filter_row) {
            self.compute_tiles(input, filter, channels, output);
            return Ok(());
        }
        let layer = Layer { len: layout.filter_row, filter, channels };
        let mut scratch = Scratch::new();
        for_each_pixel!(&layout.window, output, |pixel, output| {
            self.pixel(&layer, &mut scratch, pixel, Input::whole(input), output);
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
        self.compute_shared(filter, self.channels(bias, multiplier, shift)?, shared)
    }

    /// [`Int8::run_shared`] with any kind of filter.
    #[inline(always)]
    fn compute_shared(
        &self,
        filter: impl Filter,
        channels: Channels<'_>,
        shared: Shared<'_, i8>,
    ) -> Result<(), WrongLength> {
        let layout = &self.layout;
        filter.check(layout.filter_len())?;
        let layer = Layer { len: layout.filter_row, filter, channels };
        let mut scratch = Scratch::new();
        shared.for_each_pixel(&layout.window, |pixel, input, output| {
            self.pixel(&layer, &mut scratch, pixel, input, output);
        })
    }

    /// The channels of one pixel.
    #[inline(always)]
    fn pixel(
        &self,
        layer: &Layer<'_, impl Filter, impl Finish>,
        scratch: &mut Scratch,
        pixel: &Pixel,
        input: Input<'_, i8>,
        output: &mut [i8],
    ) {
        let layout = &self.layout;
        for (group, output) in rows_mut(output, layout.group_out_c).enumerate() {
            let inputs = WindowInputs { layout, pixel, group, input, input_offset: self.input_offset };
            layer.compute(group * layout.group_out_c, 0, scratch, output, &inputs);
        }
    }

    /// The outputs of all pixels for some filter rows, then for the next rows.
    #[cfg(feature = "host")]
    #[inline(always)]
    fn compute_tiles(
        &self,
        input: &[i8],
        filter: impl Filter,
        channels: Channels<'_, impl Finish>,
        output: &mut [i8],
    ) {
        let layout = &self.layout;
        let mut tile = Tile::new(layout.filter_row);
        let (mut group, mut first) = (0, 0);
        while first < layout.window.out_c {
            let group_end = (group + 1) * layout.group_out_c;
            let end = first + tile.load(filter, first, group_end - first);
            for_each_pixel!(&layout.window, output, |pixel, output| {
                let input = Input::whole(input);
                let inputs = WindowInputs { layout, pixel, group, input, input_offset: self.input_offset };
                inputs.gather(0, tile.inputs());
                channels.start(first, 0, tile.sums());
                tile.add_products();
                channels.store(first, tile.sums(), output.get_mut(first..end).unwrap_or(&mut []));
            });
            group += usize::from(end == group_end);
            first = end;
        }
    }
}

impl Int4 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { layer: attempt!(Int8::new(spec)) })
    }

    /// As [`Int8::run`]; the filter has two weights in a byte, the low nibble first.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run(
        &self,
        input: &[i8],
        filter: &[u8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        self.layer.compute(input, Packed(filter), self.layer.channels(bias, multiplier, shift)?, output)
    }

    /// As [`Int4::run`], with input and output in one piece of memory.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run_shared(
        &self,
        filter: &[u8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        shared: Shared<'_, i8>,
    ) -> Result<(), WrongLength> {
        self.layer.compute_shared(Packed(filter), self.layer.channels(bias, multiplier, shift)?, shared)
    }
}

impl Int8Asymmetric {
    /// Checks the specification.
    pub const fn new(spec: Int8AsymmetricSpec) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(spec.filter_zero_point));
        let Int8AsymmetricSpec {
            window, groups, input_zero_point, output_zero_point, act_min, act_max, ..
        } = spec;
        let layer = Int8Spec { window, groups, input_zero_point, output_zero_point, act_min, act_max };
        Ok(Self { layer: attempt!(Int8::new(layer)), filter_offset: -spec.filter_zero_point })
    }

    /// As [`Int8::run`].
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
        let filter = Shifted { filter, offset: self.filter_offset };
        self.layer.compute(input, filter, self.layer.channels(bias, multiplier, shift)?, output)
    }

    /// As [`Int8Asymmetric::run`], with input and output in one piece of memory.
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
        let filter = Shifted { filter, offset: self.filter_offset };
        self.layer.compute_shared(filter, self.layer.channels(bias, multiplier, shift)?, shared)
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
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
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

#[cfg(test)]
mod tests;
