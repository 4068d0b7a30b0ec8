//! Beats of a heart in a stream: R peaks of an electrocardiogram, or pulses of a photoplethysmogram.
//!
//! After Pan and Tompkins, A real-time QRS detection algorithm, 1985: band pass, slope, square, moving mean, and a
//! threshold between the levels of beats and of noise that follows both. Here it is on the root of the mean, which varies less
//! from beat to beat; and instead of searching back, a beat that is overdue may be weaker.

use crate::filter::{Biquad, Section};
use smidgen_kernels::float;

/// Share of the way from noise to signal at which a beat is told.
const THRESHOLD: f32 = 0.3;

/// Share of a new peak in the level of signal or noise.
const RATE: f32 = 0.125;

/// Mean gaps without a beat after which a weaker one counts.
const OVERDUE: f32 = 1.66;

/// Finds beats; `WINDOW` is the moving mean's length in samples, about 150 ms.
#[derive(Debug, Clone, PartialEq)]
pub struct Beats<const WINDOW: usize> {
    filters: [Biquad; 2],
    last: f32,
    past: [f32; WINDOW],
    sum: f32,
    at: usize,
    /// Samples between beats at least.
    refractory: u32,
    since: u32,
    /// Mean of the gaps between beats.
    gap: f32,
    peak: f32,
    peak_age: u32,
    signal: f32,
    noise: f32,
    /// Samples until the levels mean something.
    learning: u32,
}

impl<const WINDOW: usize> Beats<WINDOW> {
    /// `high_pass` and `low_pass` leave the band of the beats (5 to 15 Hz for R peaks, 0.5 to 4 Hz for pulses);
    /// `refractory` is the least number of samples between beats, about 200 ms; the first `learning` samples, about
    /// 2 s, find the levels.
    pub const fn new(high_pass: Section, low_pass: Section, refractory: u32, learning: u32) -> Self {
        Beats {
            filters: [Biquad::new(high_pass), Biquad::new(low_pass)],
            last: 0.0,
            past: [0.0; WINDOW],
            sum: 0.0,
            at: 0,
            refractory,
            since: 0,
            gap: 0.0,
            peak: 0.0,
            peak_age: 0,
            signal: 0.0,
            noise: 0.0,
            learning,
        }
    }

    /// Takes a sample in. When it shows that there was a beat, returns how many samples ago.
    pub fn next(&mut self, x: f32) -> Option<u32> {
        let mean = self.energy(x);
        self.since = self.since.saturating_add(1);
        if self.learning > 0 {
            self.learning -= 1;
            self.signal = if mean > self.signal { mean } else { self.signal };
            self.noise += (mean - self.noise) * 0.01;
            return None;
        }
        self.peak_age = self.peak_age.saturating_add(1);
        if mean > self.peak {
            (self.peak, self.peak_age) = (mean, 0);
        }
        // A peak is over when the mean has fallen to half of it.
        if self.peak == 0.0 || mean > 0.5 * self.peak {
            return None;
        }
        let (peak, age) = (self.peak, self.peak_age);
        self.peak = 0.0;
        let threshold = self.noise + THRESHOLD * (self.signal - self.noise);
        // Long without a beat, the levels were those of something louder.
        let overdue = self.since as f32 > OVERDUE * self.gap || self.since > 8 * self.refractory;
        let threshold = if overdue { 0.5 * threshold } else { threshold };
        if peak > threshold && self.since > self.refractory.saturating_add(age) {
            self.signal += (peak - self.signal) * if overdue { 2.0 * RATE } else { RATE };
            let gap = (self.since - age) as f32;
            // A gap in which beats were missed says little.
            let share = if self.gap == 0.0 {
                1.0
            } else if gap > OVERDUE * self.gap {
                RATE / 4.0
            } else {
                RATE
            };
            self.gap += (gap - self.gap) * share;
            self.since = age;
            return Some(age + WINDOW as u32 / 2);
        }
        if peak <= threshold {
            self.noise += (peak - self.noise) * RATE;
        }
        None
    }

    /// The root of the moving mean of the squared slope in the band.
    fn energy(&mut self, x: f32) -> f32 {
        let [high_pass, low_pass] = &mut self.filters;
        let y = low_pass.next(high_pass.next(x));
        let slope = y - self.last;
        self.last = y;
        if let Some(oldest) = self.past.get_mut(self.at) {
            *oldest = slope * slope;
        }
        self.at = (self.at + 1) % WINDOW.max(1);
        // Summed anew: a running sum would keep its rounding errors for ever.
        self.sum = self.past.iter().fold(0.0, |sum, square| sum + square);
        float::sqrt(self.sum / WINDOW.max(1) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{high_pass, low_pass};
    use std::vec::Vec;

    #[test]
    fn a_train_of_spikes_on_a_drift_is_counted() {
        let mut beats = Beats::<30>::new(high_pass(5.0, 200.0), low_pass(15.0, 200.0), 40, 400);
        let mut found = Vec::new();
        for at in 0..4000_u32 {
            let spike = match at % 160 {
                98 | 102 => 0.5,
                99..=101 => 1.0,
                _ => 0.0,
            };
            let drift = (f64::from(at) * 0.01).sin() as f32 * 0.3;
            found.extend(beats.next(spike + drift).map(|ago| at - ago));
        }
        // Spikes from 420 to 3780 or so, told within 40 ms of their place, the delay of the filters.
        assert!(found.len() >= 21, "{found:?}");
        assert!(found.iter().all(|at| (92..=112).contains(&(at % 160))), "{found:?}");
    }
}
