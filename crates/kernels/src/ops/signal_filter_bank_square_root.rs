//! SIGNAL_FILTER_BANK_SQUARE_ROOT: `y = sqrt(x) >> scale_bits`, the root rounded to nearest.
//!
//! Source: TensorFlow Lite Micro, `FilterbankSqrt`, `Sqrt64` and `Sqrt32`. A root of a number below 2^32 is at most
//! 65535 there.

use crate::error::{attempt, elements, length};
use crate::{InvalidSpec, WrongLength};

/// Everything about a SIGNAL_FILTER_BANK_SQUARE_ROOT that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uint64Spec {
    /// Channels.
    pub channels: usize,
}

/// SIGNAL_FILTER_BANK_SQUARE_ROOT of uint64 sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uint64 {
    spec: Uint64Spec,
}

impl Uint64 {
    /// Checks the specification.
    pub const fn new(spec: Uint64Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.channels]));
        Ok(Self { spec })
    }

    /// Input and output `channels`; one element of scale bits, of which the low five count.
    #[inline(never)]
    pub fn run(&self, input: &[u64], scale_bits: &[i32], output: &mut [u32]) -> Result<(), WrongLength> {
        length("input", input.len(), self.spec.channels)?;
        length("scale_bits", scale_bits.len(), 1)?;
        length("output", output.len(), self.spec.channels)?;
        let shift = scale_bits.first().map_or(0, |&bits| bits as u32);
        for (y, &x) in output.iter_mut().zip(input) {
            *y = square_root(x).wrapping_shr(shift);
        }
        Ok(())
    }
}

/// The root digit by digit in base 2 (D. Woo's method), then rounded where that does not need another bit.
fn square_root(x: u64) -> u32 {
    let largest = if x >> 32 == 0 { u16::MAX.into() } else { u32::MAX };
    let (mut rest, mut root) = (x, 0_u64);
    let highest = 63_u32.saturating_sub(x.leading_zeros()) & !1;
    let mut digit = 1_u64.wrapping_shl(highest);
    while digit != 0 {
        let subtrahend = root + digit;
        root >>= 1;
        if rest >= subtrahend {
            rest -= subtrahend;
            root += digit;
        }
        digit >>= 2;
    }
    let rounded_up = rest > root && root != u64::from(largest);
    root as u32 + u32::from(rounded_up)
}

#[cfg(test)]
mod tests {
    use super::super::naive::Random;
    use super::*;

    #[test]
    fn roots_are_the_nearest_integers() {
        let random = &mut Random::new(1);
        for _ in 0..20_000 {
            let bits = u64::from(random.bits()) << 32 | u64::from(random.bits());
            let x = bits >> (random.bits() % 64);
            let root = u128::from(square_root(x));
            let cap = root == 0xFFFF && x >> 32 == 0 || root == 0xFFFF_FFFF;
            // (r - 1/2)^2 < x < (r + 1/2)^2, times 4
            assert!((2 * root).saturating_sub(1).pow(2) <= 4 * u128::from(x) || root == 0, "{x}");
            assert!(4 * u128::from(x) < (2 * root + 1).pow(2) || cap, "{x}");
        }
    }

    #[test]
    fn roots_by_hand() {
        let kernel = Uint64::new(Uint64Spec { channels: 6 }).unwrap();
        let mut output = [0; 6];
        let input = [0, 6, 7, 0xFFFF_FFFF, 1 << 32, u64::MAX];
        assert_eq!(kernel.run(&input, &[0], &mut output), Ok(()));
        assert_eq!(output, [0, 2, 3, 65_535, 65_536, u32::MAX]);
        assert_eq!(kernel.run(&input, &[1], &mut output), Ok(()));
        assert_eq!(output, [0, 1, 1, 32_767, 32_768, u32::MAX >> 1]);
    }
}
