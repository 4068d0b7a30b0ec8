//! MAX_POOL_2D: the largest value in the part of each window that lies inside the input.
//!
//! Source: TensorFlow Lite Micro, `reference_integer_ops::MaxPool` (keeps scale and zero point) and
//! `reference_ops::MaxPool`.

use super::average_pool_2d::{check_pool, for_each_value};
use crate::error::{activation, activation_f32, attempt, length};
use crate::fixed;
use crate::shared::Input;
use crate::window::{Pixel, Window};
use crate::{InvalidSpec, Shared, WrongLength, float, wide};

/// Everything about an int8 MAX_POOL_2D that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Shapes, strides and padding; `out_c` is `in_c` and the dilation 1.
    pub window: Window,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Everything about an int16 MAX_POOL_2D that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Shapes, strides and padding; `out_c` is `in_c` and the dilation 1.
    pub window: Window,
    /// Lowest int16 output.
    pub act_min: i32,
    /// Highest int16 output.
    pub act_max: i32,
}

/// Everything about a float MAX_POOL_2D that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32Spec {
    /// Shapes, strides and padding; `out_c` is `in_c` and the dilation 1.
    pub window: Window,
    /// Lowest output; `f32::MIN` for none.
    pub act_min: f32,
    /// Highest output; `f32::MAX` for none.
    pub act_max: f32,
}

/// Int8 MAX_POOL_2D.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    spec: Int8Spec,
}

/// Int16 MAX_POOL_2D.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    window: Window,
    output: wide::Output,
}

/// Float MAX_POOL_2D.
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
        for (channel, output) in output.iter_mut().enumerate() {
            let mut max = i8::MIN;
            for_each_value(window, pixel, input, channel, |x| max = max.max(x));
            *output = fixed::clamp(i32::from(max), *act_min, *act_max);
        }
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
            for (channel, output) in output.iter_mut().enumerate() {
                let mut max = i16::MIN;
                for_each_value(window, pixel, Input::whole(input), channel, |x| max = max.max(x));
                *output = self.output.clamp(i32::from(max));
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

    /// Input and output NHWC. NaN in the input is passed over.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        let Float32Spec { window, act_min, act_max } = &self.spec;
        length("input", input.len(), window.in_len())?;
        length("output", output.len(), window.out_len())?;
        window.for_each_pixel(output, |pixel, output| {
            for (channel, output) in output.iter_mut().enumerate() {
                let mut max = f32::MIN;
                for_each_value(window, pixel, Input::whole(input), channel, |x| {
                    max = if max < x { x } else { max }
                });
                *output = float::clamp(max, *act_min, *act_max);
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
