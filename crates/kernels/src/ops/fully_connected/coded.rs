//! FULLY_CONNECTED with a filter in a Huffman code.

use super::Shape;
use crate::error::{attempt, length, zero_point};
use crate::fixed::Output;
use crate::ops::channels::{Channels, SUMS};
use crate::ops::{coded, stored};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int8 FULLY_CONNECTED with a coded filter that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodedSpec {
    /// Rows of the input and output.
    pub batches: usize,
    /// Elements of an input row.
    pub in_c: usize,
    /// Elements of an output row.
    pub out_c: usize,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Int8 FULLY_CONNECTED with a filter in a Huffman code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coded {
    shape: Shape,
    output: Output,
}

impl Coded {
    /// Checks the specification.
    pub const fn new(spec: CodedSpec) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(spec.input_zero_point));
        Ok(Self {
            shape: attempt!(Shape::new(spec.batches, spec.in_c, spec.out_c)),
            output: attempt!(Output::new(spec.output_zero_point, spec.act_min, spec.act_max)),
        })
    }

    /// The code of the filter's rows as counts, symbols and codes, see `ops/coded.rs`; bias `out_c`, less the input's zero point
    /// times the sum of the row; multiplier and shift (`-31..=30`, left above 0) `out_c`, or 1 for all.
    #[expect(clippy::too_many_arguments, reason = "kernels take slices, one for each constant")]
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run(
        &self,
        input: &[i8],
        counts: &[u16],
        symbols: &[i8],
        codes: &[u8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        let Shape { in_c, out_c, .. } = self.shape;
        let filter = coded::Coded::new(counts, symbols, codes)?;
        length("bias", bias.len(), out_c)?;
        self.shape.check_lengths(input.len(), bias.len(), output.len())?;
        let channels = Channels::shared(out_c, bias, multiplier, shift, self.output)?;
        let blocks = input.chunks((SUMS * in_c).max(1)).zip(output.chunks_mut((SUMS * out_c).max(1)));
        for (input, output) in blocks {
            let n = input.len().checked_div(in_c).unwrap_or(0);
            let mut rows = filter;
            stored::compute(channels, out_c, output, |_, sums| {
                rows.add_products(in_c, input, sums.get_mut(..n).unwrap_or(&mut []));
            });
        }
        Ok(())
    }
}
