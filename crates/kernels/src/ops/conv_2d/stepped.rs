//! CONV_2D from some channels of a tensor to some channels of another.

use super::layout::Layout;
use super::{Int8, Int8Spec};
use crate::error::{attempt, elements, ensure, length};
use crate::ops::dot::{Filter, Layer, Scratch};
use crate::shared::Input;
use crate::window::{Pixel, Window};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int8 CONV_2D between neighbouring channels of wider tensors that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8SteppedSpec {
    /// Shapes, with the channels that are read and written; strides, dilation and padding.
    pub window: Window,
    /// Groups of channels that are convolved on their own; 1 for a plain convolution.
    pub groups: usize,
    /// Elements from one pixel of the input to the next: `in_c` or more.
    pub input_step: usize,
    /// Elements from one pixel of the output to the next: `out_c` or more.
    pub output_step: usize,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Int8 CONV_2D with one scale per output channel, between neighbouring channels of wider tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Stepped {
    conv: Int8,
    /// Elements from the first to the last that it reads and writes.
    in_len: usize,
    out_len: usize,
    output_step: usize,
}

impl Int8Stepped {
    /// Checks the specification.
    pub const fn new(spec: Int8SteppedSpec) -> Result<Self, InvalidSpec> {
        let Int8SteppedSpec { window, groups, input_step, output_step, .. } = spec;
        let conv = attempt!(Int8::new(Int8Spec {
            window,
            groups,
            input_zero_point: spec.input_zero_point,
            output_zero_point: spec.output_zero_point,
            act_min: spec.act_min,
            act_max: spec.act_max,
        }));
        ensure!(window.out_c <= output_step, "pixels must not begin inside the one before");
        attempt!(elements(&[window.batches, window.out_h, window.out_w, output_step]));
        let layout = attempt!(Layout::stepped(window, groups, input_step));
        Ok(Self {
            in_len: layout.window.in_len() - (input_step - window.in_c),
            out_len: Window { out_c: output_step, ..window }.out_len() - (output_step - window.out_c),
            conv: Int8 { layout, ..conv },
            output_step,
        })
    }

    /// As [`Int8::run`]; input and output from the first to the last element that is read and written. What lies between the
    /// channels of the output stays as it is.
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
        let Layout { window, filter_row, .. } = self.conv.layout;
        length("input", input.len(), self.in_len)?;
        filter.check(self.conv.layout.filter_len())?;
        length("output", output.len(), self.out_len)?;
        let layer = Layer { len: filter_row, filter, channels: self.conv.channels(bias, multiplier, shift)? };
        let mut scratch = Scratch::new();
        let mut rest = output;
        for batch in 0..window.batches {
            for y in 0..window.out_h {
                let y = window.taps_y(y);
                for x in 0..window.out_w {
                    let pixel = Pixel { batch, y, x: window.taps_x(x) };
                    let Some(channels) = rest.get_mut(..window.out_c) else { return Ok(()) };
                    self.conv.pixel(&layer, &mut scratch, &pixel, Input::whole(input), channels);
                    rest = rest.get_mut(self.output_step..).unwrap_or(&mut []);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::ops::naive::Random;

    #[test]
    fn channels_of_wider_tensors_are_read_and_written_where_they_are() {
        for seed in 0..500 {
            let random = &mut Random::new(seed);
            let groups = random.size(1, 3);
            let in_c = groups * random.size(1, 4);
            let window = Window { out_c: groups * random.size(1, 30), ..random.window(in_c, 3) };
            let (input_step, output_step) = (in_c + random.size(0, 4), window.out_c + random.size(0, 4));
            let (act_min, act_max) = random.bounds();
            let (input_zero_point, output_zero_point) =
                (random.within(-128, 127) as i32, random.within(-128, 127) as i32);
            let spec = Int8Spec { window, groups, input_zero_point, output_zero_point, act_min, act_max };
            let stepped = Int8SteppedSpec {
                window,
                groups,
                input_step,
                output_step,
                input_zero_point,
                output_zero_point,
                act_min,
                act_max,
            };
            let filter = random.int8s(window.out_c * window.k_h * window.k_w * in_c / groups);
            let (bias, multiplier, shift) = random.channels(window.out_c);

            let n_pixels = window.in_len() / in_c;
            let wide = random.int8s((n_pixels - 1) * input_step + in_c);
            let dense: Vec<i8> = wide.chunks(input_step).flat_map(|pixel| &pixel[..in_c]).copied().collect();
            let mut expected = vec![0; window.out_len()];
            Int8::new(spec).unwrap().run(&dense, &filter, &bias, &multiplier, &shift, &mut expected).unwrap();

            let n_pixels = window.out_len() / window.out_c;
            let before = random.int8s((n_pixels - 1) * output_step + window.out_c);
            let mut output = before.clone();
            let kernel = Int8Stepped::new(stepped).unwrap();
            kernel.run(&wide, &filter, &bias, &multiplier, &shift, &mut output).unwrap();
            let pixels = output.chunks(output_step).zip(before.chunks(output_step));
            for ((pixel, before), expected) in pixels.zip(expected.chunks(window.out_c)) {
                assert_eq!(pixel[..window.out_c], *expected, "{stepped:?}");
                assert_eq!(pixel[window.out_c..], before[window.out_c..], "{stepped:?}");
            }
        }
    }
}
