//! DEPTHWISE_CONV_2D with int16 activations and int8 weights.

use super::rows::{accumulate, for_each_chunk, for_each_row};
use super::{check, filter_len};
use crate::error::{attempt, length};
use crate::ops::channels::SUMS;
use crate::ops::dot::tail;
use crate::ops::wide_dot::Channels;
use crate::shared::Input;
use crate::wide::Output;
use crate::window::Window;
use crate::{InvalidSpec, WrongLength};

/// Everything about an int16 DEPTHWISE_CONV_2D that is known when it is compiled. Zero points are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Shapes, strides, dilation and padding.
    pub window: Window,
    /// Output channels per input channel: `out_c / in_c`.
    pub depth_multiplier: usize,
    /// Lowest int16 output.
    pub act_min: i32,
    /// Highest int16 output.
    pub act_max: i32,
}

/// DEPTHWISE_CONV_2D of int16 with an int8 filter that has one scale per output channel. Sums have 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    window: Window,
    depth_multiplier: usize,
    output: Output,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(check(&spec.window, spec.depth_multiplier));
        Ok(Self {
            window: spec.window,
            depth_multiplier: spec.depth_multiplier,
            output: attempt!(Output::new(spec.act_min, spec.act_max, false)),
        })
    }

    /// Input NHWC, filter 1HWO, bias `out_c` or empty, multiplier and shift (`-31..=14`, left above 0) `out_c`.
    #[inline(never)]
    pub fn run(
        &self,
        input: &[i16],
        filter: &[i8],
        bias: &[i64],
        multiplier: &[i32],
        shift: &[i8],
        output: &mut [i16],
    ) -> Result<(), WrongLength> {
        let window = &self.window;
        length("input", input.len(), window.in_len())?;
        length("filter", filter.len(), filter_len(window))?;
        length("output", output.len(), window.out_len())?;
        let channels = Channels::new(window.out_c, bias, multiplier, shift, self.output)?;
        let mut sums = [0_i64; SUMS];
        window.for_each_pixel(output, |pixel, output| {
            for_each_chunk(self.depth_multiplier, output, |chunk, output| {
                let sums = sums.get_mut(..output.len()).unwrap_or(&mut []);
                sums.fill(0);
                for_each_row(window, pixel, chunk, Input::whole(input), |x, w| {
                    accumulate(x, tail(filter, w), sums, |sum, x, w| {
                        sum.wrapping_add(i64::from(i32::from(x) * i32::from(w)))
                    });
                });
                channels.store(chunk.first, sums, output);
            });
        });
        Ok(())
    }
}
