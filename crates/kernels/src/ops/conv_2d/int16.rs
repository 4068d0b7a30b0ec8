//! CONV_2D with int16 activations and int8 weights.

use super::layout::{Layout, WindowInputs};
use crate::error::{attempt, length};
use crate::ops::wide_dot::{Channels, Layer, Scratch};
use crate::rows::rows_mut;
use crate::shared::Input;
use crate::wide::Output;
use crate::window::{Window, for_each_pixel};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int16 CONV_2D that is known when it is compiled. Zero points are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Shapes, strides, dilation and padding.
    pub window: Window,
    /// Groups of channels that are convolved on their own; 1 for a plain convolution.
    pub groups: usize,
    /// Whether sums wrap at 32 bits and are rounded as those of int8, as TFLM does when the bias is int32.
    pub narrow: bool,
    /// Lowest int16 output.
    pub act_min: i32,
    /// Highest int16 output.
    pub act_max: i32,
}

/// CONV_2D of int16 with an int8 filter that has one scale per output channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    layout: Layout,
    output: Output,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        Ok(Self {
            layout: attempt!(Layout::new(spec.window, spec.groups)),
            output: attempt!(Output::new(spec.act_min, spec.act_max, spec.narrow)),
        })
    }

    /// Input NHWC, filter OHWI, bias `out_c` or empty, multiplier and shift (`-31..=14`, left above 0) `out_c`.
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
        let layout = &self.layout;
        length("input", input.len(), layout.window.in_len())?;
        length("filter", filter.len(), layout.filter_len())?;
        length("output", output.len(), layout.window.out_len())?;
        let channels = Channels::new(layout.window.out_c, bias, multiplier, shift, self.output)?;
        let layer = Layer { len: layout.filter_row, filter, channels };
        let mut scratch = Scratch::new();
        for_each_pixel!(&layout.window, output, |pixel, output| {
            for (group, output) in rows_mut(output, layout.group_out_c).enumerate() {
                let inputs =
                    WindowInputs { layout, pixel, group, input: Input::whole(input), input_offset: 0 };
                layer.compute(group * layout.group_out_c, &mut scratch, output, &inputs);
            }
        });
        Ok(())
    }
}
