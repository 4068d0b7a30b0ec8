//! SIGNAL_FILTER_BANK_SPECTRAL_SUBTRACTION: the signal less the noise that stays when it is smoothed over time.
//!
//! `noise = smoothing * signal + (1 - smoothing) * noise`, kept between calls with `smoothing_bits` more fraction bits;
//! `y = max(signal - noise, min_signal_remaining * signal)`. Source: TensorFlow Lite Micro,
//! `FilterbankSpectralSubtraction`.

use crate::error::{attempt, elements, ensure, length};
use crate::{InvalidSpec, WrongLength};

/// Everything about a SIGNAL_FILTER_BANK_SPECTRAL_SUBTRACTION that is known when it is compiled.
///
/// Factors have `spectral_subtraction_bits` fraction bits. The alternate ones are those of channels with an odd index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uint32Spec {
    /// Channels.
    pub channels: usize,
    /// How fast the noise follows the signal.
    pub smoothing: u32,
    /// 1 less that.
    pub one_minus_smoothing: u32,
    /// How fast the noise follows the signal in channels with an odd index.
    pub alternate_smoothing: u32,
    /// 1 less that.
    pub alternate_one_minus_smoothing: u32,
    /// The part of the signal that is never subtracted.
    pub min_signal_remaining: u32,
    /// Fraction bits of the noise, in `0..=31`.
    pub smoothing_bits: u32,
    /// Fraction bits of the factors, in `0..=63`.
    pub spectral_subtraction_bits: u32,
    /// Whether the noise never exceeds the signal.
    pub clamping: bool,
}

/// SIGNAL_FILTER_BANK_SPECTRAL_SUBTRACTION of uint32 channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uint32 {
    spec: Uint32Spec,
}

impl Uint32 {
    /// Checks the specification.
    pub const fn new(spec: Uint32Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.channels]));
        ensure!(spec.smoothing_bits <= 31, "the smoothing bits of a spectral subtraction must be in 0..=31");
        ensure!(
            spec.spectral_subtraction_bits <= 63,
            "the fraction bits of a spectral subtraction must be in 0..=63"
        );
        Ok(Self { spec })
    }

    /// All of `channels`: signal, what is left of it, the noise after this call, and the noise that is kept, at first 0.
    #[inline(never)]
    pub fn run(
        &self,
        input: &[u32],
        output: &mut [u32],
        noise: &mut [u32],
        state: &mut [u32],
    ) -> Result<(), WrongLength> {
        length("input", input.len(), self.spec.channels)?;
        length("output", output.len(), self.spec.channels)?;
        length("noise", noise.len(), self.spec.channels)?;
        length("state", state.len(), self.spec.channels)?;
        let channels = input.iter().zip(output).zip(noise).zip(state).enumerate();
        for (channel, (((&signal, left), noise), state)) in channels {
            (*left, *state) = self.subtract(signal, *state, channel % 2 == 1);
            *noise = *state;
        }
        Ok(())
    }

    /// What is left of the signal, and the new noise.
    #[inline(always)]
    fn subtract(&self, signal: u32, noise: u32, odd: bool) -> (u32, u32) {
        let spec = &self.spec;
        let (new, old) = if odd {
            (spec.alternate_smoothing, spec.alternate_one_minus_smoothing)
        } else {
            (spec.smoothing, spec.one_minus_smoothing)
        };
        let product = |a: u32, b: u32| u64::from(a) * u64::from(b);
        let scale = |x: u64| x.wrapping_shr(spec.spectral_subtraction_bits) as u32;
        let scaled_signal = signal.wrapping_shl(spec.smoothing_bits);
        let noise = scale(product(scaled_signal, new).wrapping_add(product(noise, old)));
        let subtrahend = noise.min(scaled_signal);
        let left = (scaled_signal - subtrahend).wrapping_shr(spec.smoothing_bits);
        let floor = scale(product(signal, spec.min_signal_remaining));
        (left.max(floor), if spec.clamping { subtrahend } else { noise })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: Uint32Spec = Uint32Spec {
        channels: 2,
        smoothing: 4,
        one_minus_smoothing: 12,
        alternate_smoothing: 8,
        alternate_one_minus_smoothing: 8,
        min_signal_remaining: 4,
        smoothing_bits: 2,
        spectral_subtraction_bits: 4,
        clamping: false,
    };

    #[test]
    fn noise_follows_the_signal_and_is_kept() {
        let kernel = Uint32::new(SPEC).unwrap();
        let (mut output, mut noise, mut state) = ([0; 2], [0; 2], [0; 2]);
        assert_eq!(kernel.run(&[100, 100], &mut output, &mut noise, &mut state), Ok(()));
        // Noise with two fraction bits: 400 / 4 and 400 / 2.
        assert_eq!((output, noise, state), ([75, 50], [100, 200], [100, 200]));
        assert_eq!(kernel.run(&[10, 10], &mut output, &mut noise, &mut state), Ok(()));
        // 40 / 4 + 100 * 3 / 4 and 40 / 2 + 200 / 2 exceed 40: a quarter of the signal is left.
        assert_eq!((output, noise, state), ([2, 2], [85, 120], [85, 120]));
    }

    #[test]
    fn clamped_noise_never_exceeds_the_signal() {
        let kernel = Uint32::new(Uint32Spec { clamping: true, ..SPEC }).unwrap();
        let (mut output, mut noise, mut state) = ([0; 2], [0; 2], [100, 200]);
        assert_eq!(kernel.run(&[10, 10], &mut output, &mut noise, &mut state), Ok(()));
        assert_eq!((output, noise, state), ([2, 2], [40, 40], [40, 40]));
    }
}
