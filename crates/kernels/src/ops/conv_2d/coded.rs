//! CONV_2D with a filter in a Huffman code, a block of pixels at a time.

use super::Int8Spec;
use super::stored::{Stored, StoredSpec};
use crate::error::{attempt, ensure, length};
use crate::ops::channels::Channels;
use crate::ops::{coded, stored};
use crate::shared::{Apart, Blocks};
use crate::{InvalidSpec, Shared, WrongLength};

/// Int8 CONV_2D with one scale per output channel and a filter in a Huffman code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coded {
    stored: Stored,
}

impl Coded {
    /// Checks the specification. There is one group, and the window has at most 2304 values.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        let Int8Spec { window, groups, input_zero_point, output_zero_point, act_min, act_max } = spec;
        ensure!(groups == 1, "a coded filter must have one group");
        let spec = StoredSpec { window, bits: 8, input_zero_point, output_zero_point, act_min, act_max };
        Ok(Self { stored: attempt!(Stored::new(spec)) })
    }

    /// Input NHWC; the code of `out_c` filter rows as counts, symbols and codes, see `ops/coded.rs`; bias `out_c`, less the
    /// input's zero point times the sum of the row; multiplier and shift (`-31..=30`, left above 0) `out_c`, or 1 for all.
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
        self.compute(
            coded::Coded::new(counts, symbols, codes)?,
            (bias, multiplier, shift),
            Apart { input, output },
        )
    }

    /// As [`Coded::run`], with input and output in one piece of memory.
    #[expect(clippy::too_many_arguments, reason = "kernels take slices, one for each constant")]
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run_shared(
        &self,
        counts: &[u16],
        symbols: &[i8],
        codes: &[u8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        shared: Shared<'_, i8>,
    ) -> Result<(), WrongLength> {
        self.compute(coded::Coded::new(counts, symbols, codes)?, (bias, multiplier, shift), shared)
    }

    #[inline(always)]
    fn compute(
        &self,
        filter: coded::Coded<'_>,
        (bias, multiplier, shift): (&[i32], &[i32], &[i8]),
        place: impl Blocks<i8>,
    ) -> Result<(), WrongLength> {
        let window = self.stored.layout.window;
        let row = self.stored.layout.filter_row;
        length("bias", bias.len(), window.out_c)?;
        let channels = Channels::new(window.out_c, bias, multiplier, shift, self.stored.output)?;
        self.stored.for_each_block(place, |inputs, n, output| {
            let mut rows = filter;
            stored::compute(channels, window.out_c, output, |_, sums| {
                rows.add_products(row, inputs, sums.get_mut(..n).unwrap_or(&mut []));
            });
        })
    }
}
