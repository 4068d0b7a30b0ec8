//! Coefficients of filters.

use super::math::{TURN, sin_cos};
use crate::filter::Section;
use core::f64::consts::FRAC_1_SQRT_2;
use std::vec::Vec;

/// Second-order Butterworth low pass with its edge at `hz` (Bristow-Johnson, Cookbook formulae for audio equalizer
/// biquad filter coefficients, Q = 1/√2).
pub fn low_pass(hz: f64, rate_hz: f64) -> Section {
    let (sin, cos) = sin_cos(TURN * hz / rate_hz);
    section([(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0], sin, cos)
}

/// Second-order Butterworth high pass with its edge at `hz`.
pub fn high_pass(hz: f64, rate_hz: f64) -> Section {
    let (sin, cos) = sin_cos(TURN * hz / rate_hz);
    section([(1.0 + cos) / 2.0, -(1.0 + cos), (1.0 + cos) / 2.0], sin, cos)
}

fn section(b: [f64; 3], sin: f64, cos: f64) -> Section {
    let alpha = sin / (2.0 * FRAC_1_SQRT_2);
    let a0 = 1.0 + alpha;
    Section { b: b.map(|b| (b / a0) as f32), a: [-2.0 * cos / a0, (1.0 - alpha) / a0].map(|a| a as f32) }
}

/// Taps of a linear-phase low pass with its edge at `hz` and a gain of 1 at frequency 0: a sinc under a Hann window.
pub fn band_limited(taps: usize, hz: f64, rate_hz: f64) -> Vec<f32> {
    let middle = (taps as f64 - 1.0) / 2.0;
    let tap = |k: usize| {
        let t = k as f64 - middle;
        let x = TURN * hz / rate_hz * t;
        let sinc = if t.abs() < 1e-9 { 1.0 } else { sin_cos(x).0 / x };
        sinc * (0.5 - 0.5 * sin_cos(TURN * (k as f64 + 1.0) / (taps as f64 + 1.0)).1)
    };
    let raw: Vec<f64> = (0..taps).map(tap).collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|tap| (tap / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Biquad;

    /// The gain of a section at `hz`, from the size of its output for a sine.
    fn gain(section: Section, hz: f64, rate: f64) -> f64 {
        let mut filter = Biquad::new(section);
        let run = |k: u32| f64::from(filter.next(sin_cos(TURN * hz / rate * f64::from(k)).0 as f32));
        let tail: Vec<f64> = (0..4000).map(run).skip(2000).collect();
        (2.0 * tail.iter().map(|y| y * y).sum::<f64>() / tail.len() as f64).sqrt()
    }

    #[test]
    fn edges_are_half_of_the_power() {
        for (section, pass, stop) in [(low_pass(10.0, 200.0), 1.0, 60.0), (high_pass(10.0, 200.0), 60.0, 1.0)]
        {
            assert!((gain(section, 10.0, 200.0) - FRAC_1_SQRT_2).abs() < 0.01);
            assert!((gain(section, pass, 200.0) - 1.0).abs() < 0.02 && gain(section, stop, 200.0) < 0.03);
        }
        let taps = band_limited(31, 20.0, 200.0);
        assert!((taps.iter().sum::<f32>() - 1.0).abs() < 1e-5 && taps[15] > taps[14] && taps[14] == taps[16]);
    }
}
