//! Mel filter banks and the cosine transform after them.

use super::math::{TURN, ln, sin_cos};
use crate::mel::MelBank;
use std::vec::Vec;

/// The constants of a [`MelBank`].
#[derive(Debug, Clone, PartialEq)]
pub struct Mel {
    starts: Vec<u16>,
    widths: Vec<u16>,
    weights: Vec<f32>,
}

impl Mel {
    /// The bank that uses them.
    pub fn bank(&self) -> MelBank<'_> {
        MelBank { starts: &self.starts, widths: &self.widths, weights: &self.weights }
    }
}

/// A frequency (Hz) on the mel scale as HTK and TensorFlow have it: 1127 ln(1 + f / 700).
pub(super) fn to_mel(hz: f64) -> f64 {
    1127.0 * ln(1.0 + hz / 700.0)
}

/// Triangles of `channels` between `low_hz` and `high_hz`, equally spaced and linear on the mel scale, over the bins of
/// a transform of `fft_length` points at `rate_hz`, without the bin of frequency 0: TensorFlow's
/// `linear_to_mel_weight_matrix`. `None` when the frequencies do not rise or leave the spectrum.
pub fn mel(channels: usize, low_hz: f64, high_hz: f64, rate_hz: f64, fft_length: usize) -> Option<Mel> {
    if !(0.0 <= low_hz && low_hz < high_hz && high_hz <= rate_hz / 2.0) || channels == 0 {
        return None;
    }
    let (low, high) = (to_mel(low_hz), to_mel(high_hz));
    let step = (high - low) / (channels + 1) as f64;
    let mut mel = Mel { starts: Vec::new(), widths: Vec::new(), weights: Vec::new() };
    for channel in 0..channels {
        let lower = low + step * channel as f64;
        let weight = |bin: usize| {
            let at = to_mel(bin as f64 * rate_hz / fft_length as f64);
            let rise = (at - lower) / step;
            rise.min(2.0 - rise).max(0.0) as f32
        };
        let weights: Vec<(usize, f32)> =
            (1..=fft_length / 2).map(|bin| (bin, weight(bin))).filter(|&(_, weight)| weight > 0.0).collect();
        mel.starts.push(weights.first().map_or(0, |&(bin, _)| bin) as u16);
        mel.widths.push(weights.len() as u16);
        mel.weights.extend(weights.iter().map(|&(_, weight)| weight));
    }
    Some(mel)
}

/// The first `coefficients` rows of a DCT-II over `channels`: √(2 / n) cos(π k (j + 1/2) / n), the scale of
/// TensorFlow's `mfcc` and `mfccs_from_log_mel_spectrograms`.
pub fn dct(coefficients: usize, channels: usize) -> Vec<f32> {
    let n = channels as f64;
    let scale = (2.0 / n).sqrt();
    let row = |k: usize| {
        (0..channels).map(move |j| (scale * sin_cos(TURN / 2.0 * k as f64 * (j as f64 + 0.5) / n).1) as f32)
    };
    (0..coefficients).flat_map(row).collect()
}
