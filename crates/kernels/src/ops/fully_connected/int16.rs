//! FULLY_CONNECTED with int16 activations and int8 weights.

use super::Shape;
use crate::error::{attempt, length};
use crate::ops::channels::SUMS;
use crate::ops::dot::tail;
use crate::ops::wide_dot::{Channels, add_products};
use crate::rows::{rows, rows_mut};
use crate::wide::Output;
use crate::{InvalidSpec, WrongLength};

/// Everything about an int16 FULLY_CONNECTED that is known when it is compiled. Zero points are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Rows of the input and output.
    pub batches: usize,
    /// Elements of an input row.
    pub in_c: usize,
    /// Elements of an output row.
    pub out_c: usize,
    /// Whether sums wrap at 32 bits and are rounded as those of int8, as TFLM does when the bias is int32.
    pub narrow: bool,
    /// Lowest int16 output.
    pub act_min: i32,
    /// Highest int16 output.
    pub act_max: i32,
}

/// FULLY_CONNECTED of int16 with an int8 filter that has one scale per tensor or per output channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    shape: Shape,
    output: Output,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        Ok(Self {
            shape: attempt!(Shape::new(spec.batches, spec.in_c, spec.out_c)),
            output: attempt!(Output::new(spec.act_min, spec.act_max, spec.narrow)),
        })
    }

    /// Filter OI, bias `out_c` or empty, multiplier and shift (`-31..=14`, left above 0) `out_c`, or 1 for all.
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
        let Shape { in_c, out_c, .. } = self.shape;
        length("filter", filter.len(), out_c * in_c)?;
        self.shape.check_lengths(input.len(), bias.len(), output.len())?;
        let channels = Channels::new(out_c, bias, multiplier, shift, self.output)?;
        let mut sums = [0; SUMS];
        for (input, output) in rows(input, in_c).zip(rows_mut(output, out_c)) {
            let mut channel = 0;
            for output in output.chunks_mut(SUMS) {
                let sums = sums.get_mut(..output.len()).unwrap_or(&mut []);
                sums.fill(0);
                add_products(input, tail(filter, channel * in_c), in_c, 0, sums);
                channels.store(channel, sums, output);
                channel += SUMS;
            }
        }
        Ok(())
    }
}
