//! SIGNAL_FFT_AUTO_SCALE: `y = x * 2^bits` with the most bits that the largest magnitude leaves free, and `bits`.
//!
//! Source: TensorFlow Lite Micro, `FftAutoScale`, `MaxAbs16` and `MostSignificantBit32`. `bits` of silence is 0. As
//! there, the magnitude of -32768 is kept as -32768, which every sample after it exceeds.

use crate::error::{attempt, elements, length};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int16 SIGNAL_FFT_AUTO_SCALE that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Samples.
    pub len: usize,
}

/// Int16 SIGNAL_FFT_AUTO_SCALE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    spec: Int16Spec,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        Ok(Self { spec })
    }

    /// Input and output `len` samples; one element of scale bits, in `0..=15`.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [i16], scale_bits: &mut [i32]) -> Result<(), WrongLength> {
        length("input", input.len(), self.spec.len)?;
        length("output", output.len(), self.spec.len)?;
        length("scale_bits", scale_bits.len(), 1)?;
        let bits = free_bits(largest_magnitude(input));
        for (y, &x) in output.iter_mut().zip(input) {
            *y = x.wrapping_shl(bits);
        }
        scale_bits.fill(bits as i32);
        Ok(())
    }
}

fn largest_magnitude(input: &[i16]) -> i16 {
    input.iter().fold(0_i16, |max, &x| {
        if x > max {
            x
        } else if -i32::from(x) > i32::from(max) {
            x.wrapping_neg()
        } else {
            max
        }
    })
}

/// Zeros between the sign and the first digit; none of a magnitude that is 0 or negative.
fn free_bits(magnitude: i16) -> u32 {
    if magnitude > 0 { magnitude.leading_zeros() - 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(input: [i16; 3]) -> ([i16; 3], i32) {
        let (mut output, mut bits) = ([0; 3], [0]);
        let kernel = Int16::new(Int16Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&input, &mut output, &mut bits), Ok(()));
        (output, bits[0])
    }

    #[test]
    fn the_largest_magnitude_fills_the_range() {
        assert_eq!(scale([1, -2, 3]), ([8192, -16384, 24576], 13));
        assert_eq!(scale([-1, 0, 0]), ([-16384, 0, 0], 14));
        assert_eq!(scale([-16384, 5, 0]), ([-16384, 5, 0], 0));
        assert_eq!(scale([0, 0, 0]), ([0, 0, 0], 0));
    }

    #[test]
    fn the_lowest_sample_counts_as_the_definition_has_it() {
        assert_eq!(scale([100, 2, -32768]), ([100, 2, -32768], 0));
        // What follows -32768 is larger than it, so the 3 decides, and the rest overflows.
        assert_eq!(scale([-32768, -5, 3]), ([0, 24576, 24576], 13));
    }
}
