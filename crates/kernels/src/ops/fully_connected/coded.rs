//! FULLY_CONNECTED with a filter in a Huffman code.

use super::Int8Spec;
use super::stored::{Stored, StoredSpec};
use crate::error::{attempt, ensure, length};
use crate::ops::channels::Channels;
use crate::ops::{coded, stored};
use crate::{InvalidSpec, WrongLength};

/// Int8 FULLY_CONNECTED with a filter in a Huffman code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coded {
    stored: Stored,
}

impl Coded {
    /// Checks the specification. The filter has no zero point.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        let Int8Spec { batches, in_c, out_c, input_zero_point, filter_zero_point, .. } = spec;
        let Int8Spec { output_zero_point, act_min, act_max, .. } = spec;
        ensure!(filter_zero_point == 0, "a coded filter must have the zero point 0");
        let bits = 8;
        Ok(Self {
            stored: attempt!(Stored::new(StoredSpec {
                batches,
                in_c,
                out_c,
                bits,
                input_zero_point,
                output_zero_point,
                act_min,
                act_max,
            })),
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
        let shape = self.stored.shape;
        let filter = coded::Coded::new(counts, symbols, codes)?;
        length("bias", bias.len(), shape.out_c)?;
        shape.check_lengths(input.len(), bias.len(), output.len())?;
        let channels = Channels::new(shape.out_c, bias, multiplier, shift, self.stored.output)?;
        shape.for_each_block(input, output, |inputs, n, output| {
            let mut rows = filter;
            stored::compute(channels, shape.out_c, output, |_, sums| {
                rows.add_products(shape.in_c, inputs, sums.get_mut(..n).unwrap_or(&mut []));
            });
        });
        Ok(())
    }
}
