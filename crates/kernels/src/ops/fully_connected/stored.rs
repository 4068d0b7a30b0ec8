//! FULLY_CONNECTED with a filter in fewer bytes.

use super::Shape;
use crate::error::{attempt, length, zero_point};
use crate::fixed::Output;
use crate::ops::channels::{Channels, SUMS};
use crate::ops::stored::{self, Stored as Filter};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int8 FULLY_CONNECTED with a stored filter that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredSpec {
    /// Rows of the input and output.
    pub batches: usize,
    /// Elements of an input row.
    pub in_c: usize,
    /// Elements of an output row.
    pub out_c: usize,
    /// Bits of a value of the filter: 1 to 8.
    pub bits: u32,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Int8 FULLY_CONNECTED with a filter without its zeros, or of indices into a codebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    pub(super) shape: Shape,
    bits: u32,
    pub(super) output: Output,
}

impl Stored {
    /// Checks the specification.
    pub const fn new(spec: StoredSpec) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(spec.input_zero_point));
        attempt!(stored::check_bits(spec.bits));
        Ok(Self {
            shape: attempt!(Shape::new(spec.batches, spec.in_c, spec.out_c)),
            bits: spec.bits,
            output: attempt!(Output::new(spec.output_zero_point, spec.act_min, spec.act_max)),
        })
    }

    /// Filter rows as a mask with starts and as values, see `ops/stored.rs`; bias `out_c`, less the input's zero point times the sum of the row; multiplier and
    /// shift (`-31..=30`, left above 0) `out_c`, or 1 for all.
    #[expect(clippy::too_many_arguments, reason = "kernels take slices, one for each constant")]
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run(
        &self,
        input: &[i8],
        mask: &[u8],
        starts: &[u16],
        codebook: &[i8],
        values: &[u8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        let Shape { in_c, out_c, .. } = self.shape;
        let filter = Filter { mask, starts, codebook, values, bits: self.bits };
        filter.check(out_c, in_c)?;
        length("bias", bias.len(), out_c)?;
        self.shape.check_lengths(input.len(), bias.len(), output.len())?;
        let channels = Channels::new(out_c, bias, multiplier, shift, self.output)?;
        self.shape.for_each_block(input, output, |inputs, n, output| {
            stored::compute(channels, out_c, output, |channel, sums| {
                filter.add_products(channel, in_c, inputs, sums.get_mut(..n).unwrap_or(&mut []));
            });
        });
        Ok(())
    }
}

impl Shape {
    /// Calls `compute` with as many rows of the input as there are sums, their number and their outputs.
    #[inline(always)]
    pub(super) fn for_each_block(
        &self,
        input: &[i8],
        output: &mut [i8],
        mut compute: impl FnMut(&[i8], usize, &mut [i8]),
    ) {
        let blocks =
            input.chunks((SUMS * self.in_c).max(1)).zip(output.chunks_mut((SUMS * self.out_c).max(1)));
        for (input, output) in blocks {
            compute(input, input.len().checked_div(self.in_c).unwrap_or(0), output);
        }
    }
}
