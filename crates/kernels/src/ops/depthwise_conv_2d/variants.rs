//! DEPTHWISE_CONV_2D of int8 with other filters: 4-bit weights, and weights with a zero point.

use super::rows::{accumulate, for_each_chunk, for_each_row};
use super::{Int8, Int8Spec, filter_len};
use crate::error::{attempt, length, zero_point};
use crate::ops::channels::{Channels, SUMS};
use crate::ops::dot::{Filter, part};
use crate::ops::packed::Packed;
use crate::shared::Input;
use crate::window::{Pixel, Window};
use crate::{InvalidSpec, Shared, WrongLength};

/// Everything about an int8 DEPTHWISE_CONV_2D whose filter has a zero point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8AsymmetricSpec {
    /// Shapes, strides, dilation and padding.
    pub window: Window,
    /// Output channels per input channel: `out_c / in_c`.
    pub depth_multiplier: usize,
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

/// Int8 DEPTHWISE_CONV_2D with one scale per output channel and 4-bit weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int4 {
    layer: Int8,
}

/// Int8 DEPTHWISE_CONV_2D whose filter has a zero point, as filters of uint8 networks have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Asymmetric {
    layer: Int8,
    filter_offset: i32,
}

impl Int4 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { layer: attempt!(Int8::new(spec)) })
    }

    /// As [`Int8::run`]; the filter has two weights in a byte, the low nibble first.
    #[inline(never)]
    pub fn run(
        &self,
        input: &[i8],
        filter: &[u8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        Packed(filter).check(filter_len(&self.layer.window))?;
        compute(&self.layer, input, (bias, multiplier, shift), output, self.add(filter))
    }

    /// As [`Int4::run`], with input and output in one piece of memory.
    #[inline(never)]
    pub fn run_shared(
        &self,
        filter: &[u8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        shared: Shared<'_, i8>,
    ) -> Result<(), WrongLength> {
        Packed(filter).check(filter_len(&self.layer.window))?;
        compute_shared(&self.layer, (bias, multiplier, shift), shared, self.add(filter))
    }

    #[inline(always)]
    fn add(&self, filter: &[u8]) -> impl Fn(&[i8], usize, &mut [i32]) {
        let offset = self.layer.input_offset;
        move |x, start, sums| {
            let mut weights = [0; SUMS];
            let weights = weights.get_mut(..sums.len()).unwrap_or(&mut []);
            Packed(filter).unpack(start, weights);
            accumulate(x, weights, sums, |sum, x, w| product(sum, i32::from(x) + offset, w.into()));
        }
    }
}

impl Int8Asymmetric {
    /// Checks the specification.
    pub const fn new(spec: Int8AsymmetricSpec) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(spec.filter_zero_point));
        let Int8AsymmetricSpec {
            window,
            depth_multiplier,
            input_zero_point,
            output_zero_point,
            act_min,
            act_max,
            ..
        } = spec;
        let layer =
            Int8Spec { window, depth_multiplier, input_zero_point, output_zero_point, act_min, act_max };
        Ok(Self { layer: attempt!(Int8::new(layer)), filter_offset: -spec.filter_zero_point })
    }

    /// As [`Int8::run`].
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
        length("filter", filter.len(), filter_len(&self.layer.window))?;
        compute(&self.layer, input, (bias, multiplier, shift), output, self.add(filter))
    }

    /// As [`Int8Asymmetric::run`], with input and output in one piece of memory.
    #[inline(never)]
    pub fn run_shared(
        &self,
        filter: &[i8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        shared: Shared<'_, i8>,
    ) -> Result<(), WrongLength> {
        length("filter", filter.len(), filter_len(&self.layer.window))?;
        compute_shared(&self.layer, (bias, multiplier, shift), shared, self.add(filter))
    }

    #[inline(always)]
    fn add(&self, filter: &[i8]) -> impl Fn(&[i8], usize, &mut [i32]) {
        let (offset, filter_offset) = (self.layer.input_offset, self.filter_offset);
        move |x, start, sums| {
            accumulate(x, part(filter, start, sums.len()), sums, |sum, x, w| {
                product(sum, i32::from(x) + offset, i32::from(w) + filter_offset)
            });
        }
    }
}

/// One multiply-accumulate of numbers of at most 9 bits.
#[inline(always)]
fn product(sum: i32, x: i32, w: i32) -> i32 {
    sum.wrapping_add(x * w)
}

/// Walks over outputs and taps; `add` adds the products of some inputs with the weights from an index on.
#[inline(always)]
fn compute(
    layer: &Int8,
    input: &[i8],
    (bias, multiplier, shift): (&[i32], &[i32], &[i8]),
    output: &mut [i8],
    add: impl Fn(&[i8], usize, &mut [i32]),
) -> Result<(), WrongLength> {
    let window = &layer.window;
    length("input", input.len(), window.in_len())?;
    length("output", output.len(), window.out_len())?;
    let channels = Channels::new(window.out_c, bias, multiplier, shift, layer.output)?;
    let mut sums = [0; SUMS];
    window.for_each_pixel(output, |pixel, output| {
        channels_of(layer, channels, &mut sums, pixel, Input::whole(input), output, &add);
    });
    Ok(())
}

/// [`compute`] with input and output in one piece of memory.
#[inline(always)]
fn compute_shared(
    layer: &Int8,
    (bias, multiplier, shift): (&[i32], &[i32], &[i8]),
    shared: Shared<'_, i8>,
    add: impl Fn(&[i8], usize, &mut [i32]),
) -> Result<(), WrongLength> {
    let channels = Channels::new(layer.window.out_c, bias, multiplier, shift, layer.output)?;
    let mut sums = [0; SUMS];
    shared.for_each_pixel(&layer.window, |pixel, input, output| {
        channels_of(layer, channels, &mut sums, pixel, input, output, &add);
    })
}

/// The channels of one pixel.
#[inline(always)]
fn channels_of(
    layer: &Int8,
    channels: Channels<'_>,
    sums: &mut [i32; SUMS],
    pixel: &Pixel,
    input: Input<'_, i8>,
    output: &mut [i8],
    add: &impl Fn(&[i8], usize, &mut [i32]),
) {
    for_each_chunk(layer.depth_multiplier, output, |chunk, output| {
        let sums = sums.get_mut(..output.len()).unwrap_or(&mut []);
        channels.start(chunk.first, 0, sums);
        for_each_row(&layer.window, pixel, chunk, input, |x, w| add(x, w, sums));
        channels.store(chunk.first, sums, output);
    });
}
