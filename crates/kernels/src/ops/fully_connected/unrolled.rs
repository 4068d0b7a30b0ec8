//! FULLY_CONNECTED with a filter of instructions: a row is straight-line code with the weights that are not 0 in it.

use super::{Int8, Int8Spec, Shape};
use crate::error::{attempt, ensure, length};
use crate::ops::channels::Channels;
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

/// Int8 FULLY_CONNECTED with a filter of instructions; also a CONV_2D of 1x1 that takes every pixel, each a row of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unrolled {
    layer: Int8,
}

/// Takes the sums of an output row, channel after channel.
#[derive(Debug)]
pub struct Sums<'a> {
    channels: Channels<'a>,
    n_taken: usize,
    output: &'a mut [i8],
}

impl Sums<'_> {
    /// Scales and clamps the sums of the next channels.
    #[inline(never)]
    pub fn take(&mut self, sums: &[i32]) {
        let output = self.output.get_mut(self.n_taken..).unwrap_or(&mut []);
        self.channels.store(self.n_taken, sums, output);
        self.n_taken += sums.len();
    }
}

impl Unrolled {
    /// Checks the specification. The filter has no zero point.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        ensure!(spec.filter_zero_point == 0, "a filter of instructions must have the zero point 0");
        Ok(Self { layer: attempt!(Int8::new(spec)) })
    }

    /// What [`Unrolled::run_code`] computes, from the filter as it was, see [`Int8::run`].
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
        self.layer.run(input, filter, bias, multiplier, shift, output)
    }

    /// [`Unrolled::run`] with filter and bias in `code`, which [`crate::unrolled`] makes: it gives the sums of all channels from
    /// a row of `IN` inputs. What the input's zero point adds to a sum is in its bias.
    #[inline(always)]
    pub fn run_code<const IN: usize>(
        &self,
        input: &[i8],
        code: impl Fn(&[i8; IN], &mut Sums<'_>),
        multiplier: &[i32],
        shift: &[i8],
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        let Shape { in_c, out_c, .. } = self.layer.shape;
        length("input row", IN, in_c)?;
        self.layer.shape.check_lengths(input.len(), 0, output.len())?;
        let channels = Channels::new(out_c, &[], multiplier, shift, self.layer.output)?;
        for (input, output) in rows(input, IN).zip(rows_mut(output, out_c)) {
            let Some(input) = input.first_chunk() else { continue };
            let mut sums = Sums { channels, n_taken: 0, output };
            code(input, &mut sums);
            length("sums", sums.n_taken, out_c)?;
        }
        Ok(())
    }
}

/// A function for [`ops::fully_connected::Unrolled::run_code`](crate::ops::fully_connected::Unrolled::run_code):
/// `name(IN) { [rows] [rows] }`.
///
/// A row is `{ bias 3[0 5; 7] 20[; 2] }`: 3 times the inputs 0 and 5, less 3 times input 7, less 20 times input 2. What a row
/// without its bias adds up to must be in the range of i32, which it is with less than 2^16 weights. Rows in one pair of
/// brackets have their sums in memory together.
#[macro_export]
macro_rules! unrolled {
    ($name:ident($n:literal) {
        $([$({ $bias:literal $($weight:literal[$($plus:literal)*; $($minus:literal)*])* })*])*
    }) => {
        pub(crate) fn $name(x: &[i8; $n], sums: &mut $crate::ops::fully_connected::Sums<'_>) {
            $({
                #[inline(never)]
                fn block(x: &[i8; $n], sums: &mut $crate::ops::fully_connected::Sums<'_>) {
                    sums.take(&[$({
                        // Each in a function of its own: together they would keep more inputs than there are registers.
                        #[inline(never)]
                        #[allow(unused, reason = "a row may be its bias alone")]
                        fn row(x: &[i8; $n]) -> i32 {
                            let (bias, mut sum): (i32, i32) = ($bias, 0);
                            $({
                                let mut inputs = 0_i32;
                                $(inputs += x[$plus] as i32;)*
                                $(inputs -= x[$minus] as i32;)*
                                sum += inputs * $weight;
                            })*
                            bias.wrapping_add(sum)
                        }
                        row(x)
                    }),*]);
                }
                block(x, sums);
            })*
        }
    };
}
