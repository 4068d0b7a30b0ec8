//! AVERAGE_POOL_2D: the mean over the part of each window that lies inside the input.
//!
//! Source: TensorFlow Lite Micro, `reference_integer_ops::AveragePool` (rounds halves away from zero, keeps scale and
//! zero point) and `reference_ops::AveragePool`.

use core::num::NonZeroU32;

use crate::error::{activation, activation_f32, attempt, ensure, length};
use crate::fixed;
use crate::shared::Input;
use crate::window::{Pixel, Window, for_each_tap};
use crate::{InvalidSpec, Shared, WrongLength, float, wide};

/// Everything about an int8 AVERAGE_POOL_2D that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Shapes, strides and padding; `out_c` is `in_c` and the dilation 1.
    pub window: Window,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Everything about an int16 AVERAGE_POOL_2D that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Shapes, strides and padding; `out_c` is `in_c` and the dilation 1.
    pub window: Window,
    /// Lowest int16 output.
    pub act_min: i32,
    /// Highest int16 output.
    pub act_max: i32,
}

/// Everything about a float AVERAGE_POOL_2D that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32Spec {
    /// Shapes, strides and padding; `out_c` is `in_c` and the dilation 1.
    pub window: Window,
    /// Lowest output; `f32::MIN` for none.
    pub act_min: f32,
    /// Highest output; `f32::MAX` for none.
    pub act_max: f32,
}

/// Int8 AVERAGE_POOL_2D.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    spec: Int8Spec,
}

/// Int8 AVERAGE_POOL_2D that rounds halves up, as TFLite's `reference_ops::AveragePool` does for uint8 values, which are
/// 128 more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8HalvesUp {
    spec: Int8Spec,
}

/// Int16 AVERAGE_POOL_2D.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    window: Window,
    output: wide::Output,
}

/// Float AVERAGE_POOL_2D.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32 {
    spec: Float32Spec,
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(check_pool(&spec.window));
        attempt!(activation(spec.act_min, spec.act_max));
        Ok(Self { spec })
    }

    /// Input and output NHWC.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        let window = &self.spec.window;
        length("input", input.len(), window.in_len())?;
        length("output", output.len(), window.out_len())?;
        window.for_each_pixel(output, |pixel, output| self.pixel(pixel, Input::whole(input), output));
        Ok(())
    }

    /// As [`Int8::run`], with input and output in one piece of memory.
    #[inline(never)]
    pub fn run_shared(&self, shared: Shared<'_, i8>) -> Result<(), WrongLength> {
        shared.for_each_pixel(&self.spec.window, |pixel, input, output| self.pixel(pixel, input, output))
    }

    /// The channels of one pixel.
    #[inline(always)]
    fn pixel(&self, pixel: &Pixel, input: Input<'_, i8>, output: &mut [i8]) {
        let Int8Spec { window, act_min, act_max } = &self.spec;
        let count = pixel.y.count * pixel.x.count;
        let Some(count) = NonZeroU32::new(count as u32) else { return };
        for (channel, output) in output.iter_mut().enumerate() {
            let mut sum = 0_i32;
            for_each_value(window, pixel, input, channel, |x| sum = sum.wrapping_add(i32::from(x)));
            *output = fixed::clamp(mean(sum, count), *act_min, *act_max);
        }
    }
}

impl Int8HalvesUp {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(check_pool(&spec.window));
        attempt!(activation(spec.act_min, spec.act_max));
        Ok(Self { spec })
    }

    /// Input and output NHWC.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        let Int8Spec { window, act_min, act_max } = &self.spec;
        length("input", input.len(), window.in_len())?;
        length("output", output.len(), window.out_len())?;
        window.for_each_pixel(output, |pixel, output| {
            let count = pixel.y.count * pixel.x.count;
            let Some(count) = NonZeroU32::new(count as u32) else { return };
            for (channel, output) in output.iter_mut().enumerate() {
                // The sum of the uint8 values is never negative.
                let mut sum = 0_u32;
                for_each_value(window, pixel, Input::whole(input), channel, |x| {
                    sum = sum.wrapping_add((i32::from(x) + 128).unsigned_abs());
                });
                let mean = sum.wrapping_add(count.get() / 2) / count;
                *output = fixed::clamp(mean.cast_signed().wrapping_sub(128), *act_min, *act_max);
            }
        });
        Ok(())
    }
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(check_pool(&spec.window));
        let output = attempt!(wide::Output::new(spec.act_min, spec.act_max, false));
        Ok(Self { window: spec.window, output })
    }

    /// Input and output NHWC.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        let window = &self.window;
        length("input", input.len(), window.in_len())?;
        length("output", output.len(), window.out_len())?;
        window.for_each_pixel(output, |pixel, output| {
            let count = pixel.y.count * pixel.x.count;
            let Some(count) = NonZeroU32::new(count as u32) else { return };
            for (channel, output) in output.iter_mut().enumerate() {
                let mut sum = 0_i32;
                for_each_value(window, pixel, Input::whole(input), channel, |x| {
                    sum = sum.wrapping_add(i32::from(x))
                });
                *output = self.output.clamp(mean(sum, count));
            }
        });
        Ok(())
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(check_pool(&spec.window));
        attempt!(activation_f32(spec.act_min, spec.act_max));
        Ok(Self { spec })
    }

    /// Input and output NHWC. Sums run in window order.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        let Float32Spec { window, act_min, act_max } = &self.spec;
        length("input", input.len(), window.in_len())?;
        length("output", output.len(), window.out_len())?;
        window.for_each_pixel(output, |pixel, output| {
            let count = (pixel.y.count * pixel.x.count) as f32;
            for (channel, output) in output.iter_mut().enumerate() {
                let mut sum = 0.0;
                for_each_value(window, pixel, Input::whole(input), channel, |x| sum += x);
                *output = float::clamp(sum / count, *act_min, *act_max);
            }
        });
        Ok(())
    }
}

/// A quotient rounded to nearest, halves away from zero.
#[inline(always)]
fn mean(sum: i32, count: NonZeroU32) -> i32 {
    let mean = (sum.unsigned_abs().wrapping_add(count.get() / 2) / count) as i32;
    if sum < 0 { mean.wrapping_neg() } else { mean }
}

/// The checks that pools of both kinds and element types share.
pub(super) const fn check_pool(window: &Window) -> Result<(), InvalidSpec> {
    attempt!(window.check());
    ensure!(window.in_c == window.out_c, "a pool must keep the number of channels");
    ensure!(window.dilation_h == 1 && window.dilation_w == 1, "a pool must not be dilated");
    Ok(())
}

/// Calls `f` with one channel of every tap inside the input.
#[inline(always)]
pub(super) fn for_each_value<T: Copy>(
    window: &Window,
    pixel: &Pixel,
    input: Input<'_, T>,
    channel: usize,
    mut f: impl FnMut(T),
) {
    for_each_tap(window, pixel, |x, _| {
        if let Some(&x) = input.get(x + channel) {
            f(x);
        }
    });
}

#[cfg(test)]
mod tests;
