//! TRANSPOSE_CONV with int16 activations and int8 weights.

use super::layout::Layout;
use crate::error::attempt;
use crate::ops::channels::SUMS;
use crate::ops::dot::part;
use crate::ops::wide_dot::{Channels, add_products};
use crate::wide::Output;
use crate::window::Window;
use crate::{InvalidSpec, WrongLength};

/// Everything about an int16 TRANSPOSE_CONV that is known when it is compiled. Zero points are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// See [`Int8Spec::window`](super::Int8Spec::window).
    pub window: Window,
    /// Lowest int16 output.
    pub act_min: i32,
    /// Highest int16 output.
    pub act_max: i32,
}

/// TRANSPOSE_CONV of int16 with an int8 filter that has one scale per output channel. Sums have 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    layout: Layout,
    output: Output,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        Ok(Self {
            layout: attempt!(Layout::new(spec.window)),
            output: attempt!(Output::new(spec.act_min, spec.act_max, false)),
        })
    }

    /// Input NHWC, filter OHWI, bias `out_c` or empty, multiplier and shift (`-31..=14`, left above 0) `out_c`, the channels
    /// of the output.
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
        layout.check_lengths(input.len(), filter.len(), output.len())?;
        let channels = Channels::new(layout.out_c, bias, multiplier, shift, self.output)?;
        let mut sums = [0; SUMS];
        layout.for_each_chunk(output, |pixel, first, output| {
            let sums = sums.get_mut(..output.len()).unwrap_or(&mut []);
            sums.fill(0);
            layout.for_each_tap(pixel, |x, tap| {
                let from = first * layout.filter_row + tap * layout.in_c;
                add_products(part(input, x, layout.in_c), filter, layout.filter_row, from, sums);
            });
            channels.store(first, sums, output);
        });
        Ok(())
    }
}
