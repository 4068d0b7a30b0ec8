//! The constants of front ends, made on the host: with additions, multiplications and square roots only, so that they
//! are the same on every machine.

mod filters;
mod math;
mod mel;
mod micro_speech;
mod wavelets;

pub use filters::{band_limited, high_pass, low_pass};
pub use math::{TURN, exp, ln, sin_cos};
pub use mel::{Mel, dct, mel};
pub use micro_speech::{MicroSpeech, micro_speech};
pub use wavelets::{Family, wavelet};

use std::vec::Vec;

/// The periodic Hann window of `n` samples: 1/2 − 1/2 cos(2πk / n).
pub fn hann(n: usize) -> Vec<f32> {
    (0..n).map(|k| (0.5 - 0.5 * sin_cos(TURN * k as f64 / n as f64).1) as f32).collect()
}

/// The two tables of a real transform of `n` points: exp(−2πik / (n/2)) for k in 0..n/2, and
/// exp(−πi ((k + 1) / (n/2) + 1/2)) for k in 0..n/4, each as pairs of real and imaginary part.
pub fn transform(n: usize) -> (Vec<f32>, Vec<f32>) {
    let as_float = |phase: f64| {
        let (sin, cos) = sin_cos(phase);
        [cos as f32, sin as f32]
    };
    phases(n, as_float)
}

/// The phases of both tables, as pairs.
fn phases<T>(n: usize, pair: impl Fn(f64) -> [T; 2]) -> (Vec<T>, Vec<T>) {
    let half = n / 2;
    let twiddles = (0..half).flat_map(|k| pair(-TURN * k as f64 / half as f64)).collect();
    let split = (1..=half / 2).flat_map(|k| pair(-TURN / 2.0 * (k as f64 / half as f64 + 0.5))).collect();
    (twiddles, split)
}

/// The bins of `edges_hz` in a transform of `fft_length` points; `None` when they do not rise or leave the spectrum.
pub fn edges(edges_hz: &[f32], rate_hz: f32, fft_length: usize) -> Option<Vec<u16>> {
    let bin = |&hz: &f32| {
        let at = (f64::from(hz) * fft_length as f64 / f64::from(rate_hz)).round();
        (0.0..=fft_length as f64 / 2.0).contains(&at).then_some(at as u16)
    };
    let bins: Option<Vec<u16>> = edges_hz.iter().map(bin).collect();
    bins.filter(|bins| bins.windows(2).all(|pair| pair.first() < pair.last()))
}
