//! The constants of the micro_speech front end.
//!
//! Source: TensorFlow Lite Micro, `signal/micro/kernels` and `micro_speech/audio_preprocessor.py`:
//! `hann_window_weights`, `filter_bank.py`, `pcan_op.py` with the settings of micro_speech.

use super::math::{TURN, exp, ln, sin_cos};
use super::mel::to_mel;
use super::phases;
use crate::micro_speech::{CHANNELS, FFT_LENGTH, FRAME, Tables};
use std::vec::Vec;

const RATE_HZ: f64 = 16_000.0;
const LOW_HZ: f64 = 125.0;
const HIGH_HZ: f64 = 7500.0;

/// Fraction bits of window and weights.
const ONE: f64 = 4096.0;

/// The constants of [`Tables`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MicroSpeech {
    window: Vec<i16>,
    twiddles: Vec<i16>,
    split: Vec<i16>,
    weights: Vec<i16>,
    unweights: Vec<i16>,
    frequency_starts: Vec<i16>,
    weight_starts: Vec<i16>,
    widths: Vec<i16>,
    gain: Vec<i16>,
}

impl MicroSpeech {
    /// As the front end takes them.
    pub fn tables(&self) -> Tables<'_> {
        Tables {
            window: &self.window,
            twiddles: &self.twiddles,
            split: &self.split,
            weights: &self.weights,
            unweights: &self.unweights,
            frequency_starts: &self.frequency_starts,
            weight_starts: &self.weight_starts,
            widths: &self.widths,
            gain: &self.gain,
        }
    }
}

/// Makes them.
pub fn micro_speech() -> MicroSpeech {
    let hann = |k: usize| 0.5 - 0.5 * sin_cos(TURN / FRAME as f64 * (k as f64 + 0.5)).1;
    let fixed = |x: f64| (x * ONE + 0.5).floor() as i16;
    let point = |phase: f64| {
        let (sin, cos) = sin_cos(phase);
        [cos, sin].map(|x| (0.5 + 32_767.0 * x).floor() as i16)
    };
    let (twiddles, split) = phases(FFT_LENGTH, point);
    let mut made = MicroSpeech {
        window: (0..FRAME).map(|k| fixed(hann(k))).collect(),
        twiddles,
        split,
        weights: Vec::new(),
        unweights: Vec::new(),
        frequency_starts: Vec::new(),
        weight_starts: Vec::new(),
        widths: Vec::new(),
        gain: gain(),
    };
    let hz_per_bin = RATE_HZ / FFT_LENGTH as f64;
    let (low, high) = (to_mel(LOW_HZ), to_mel(HIGH_HZ));
    let step = (high - low) / (CHANNELS + 1) as f64;
    let mut bin = (1.5 + LOW_HZ / hz_per_bin) as usize;
    for band in 0..=CHANNELS {
        let end = low + step * (band + 1) as f64;
        made.frequency_starts.push(bin as i16);
        made.weight_starts.push(made.weights.len() as i16);
        let first = bin;
        while to_mel(bin as f64 * hz_per_bin) <= end {
            let weight = (end - to_mel(bin as f64 * hz_per_bin)) / step;
            // Both are cut off, not rounded, so that their sum is one short of 1.
            made.weights.push((weight * ONE) as i16);
            made.unweights.push(((1.0 - weight) * ONE) as i16);
            bin += 1;
        }
        made.widths.push((bin - first) as i16);
    }
    made
}

/// Gains over noise: parabolas through three points of each power of two.
fn gain() -> Vec<i16> {
    const STRENGTH: f64 = 0.95;
    const OFFSET: f64 = 80.0;
    const GAIN_BITS: i32 = 21;
    const INPUT_BITS: i32 = 7;
    let at = |x: u32| {
        let x = f64::from(x) / f64::from(1 << INPUT_BITS) + OFFSET;
        let gain = f64::from(1 << GAIN_BITS) * exp(-STRENGTH * ln(x));
        if gain > f64::from(i16::MAX) { i16::MAX } else { (gain + 0.5) as i16 }
    };
    let mut table: Vec<i16> = [at(0), at(1)].into();
    // Entries 2 and 6 + … of the original, whose index 4 · interval is moved by 6.
    for interval in 2..=32_u32 {
        let x0 = 1_u32 << (interval - 1);
        let x2 = if interval == 32 { x0 + (x0 - 1) } else { 2 * x0 };
        let (y0, y1, y2) = (at(x0), at(x0 + (x0 >> 1)), at(x2));
        let (first, second) = (i32::from(y1) - i32::from(y0), i32::from(y2) - i32::from(y0));
        let slope = 4 * first - second;
        let place = (4 * interval - 6) as usize;
        if table.len() < place + 3 {
            table.resize(place + 3, 0);
        }
        let values = [y0, slope as i16, (second - slope) as i16];
        table.iter_mut().skip(place).zip(values).for_each(|(entry, value)| *entry = value);
    }
    table
}
