//! Spectral analysis of a window of a motion or vibration signal: for each axis figures of its shape, the powers of
//! bands and the strongest peaks.
//!
//! For each axis, in this order: root mean square about the mean, skewness, kurtosis, crossings of the mean over the
//! rows; then ln(power + 1e-12) of each band; then frequency (Hz) and amplitude of each peak, the strongest first.

use crate::statistics::{crossings, moments};
use crate::{InvalidSpec, WrongLength, attempt, ensure, length};
use smidgen_kernels::float;
use smidgen_kernels::ops::signal_rfft;

/// Figures of an axis before its bands.
const N_FIGURES: usize = 4;

/// Everything that is known when the firmware is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spec {
    /// Rows of a window.
    pub rows: usize,
    /// Values of a row.
    pub axes: usize,
    /// Points of the transform, at least `rows`.
    pub fft_length: usize,
    /// Rows a second.
    pub rate_hz: f32,
    /// Peaks that are told.
    pub peaks: usize,
}

/// Constants that belong to a [`Spec`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tables<'t> {
    /// A factor for each row.
    pub window: &'t [f32],
    /// Of the transform, `fft_length` numbers.
    pub twiddles: &'t [f32],
    /// Of the transform, `fft_length / 4 * 2` numbers.
    pub split: &'t [f32],
    /// Bins at which bands begin and the last one ends, rising: one more than bands, or none.
    pub edges: &'t [u16],
}

/// The front end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spectral<'t> {
    spec: Spec,
    tables: Tables<'t>,
    fft: signal_rfft::Float32,
}

impl<'t> Spectral<'t> {
    /// Checks specification and tables.
    ///
    /// # Errors
    /// [`InvalidSpec`] when a window does not fit its transform, a table has another length, or edges do not rise.
    pub const fn new(spec: Spec, tables: Tables<'t>) -> Result<Self, InvalidSpec> {
        let (frame, fft_length) = (spec.rows, spec.fft_length);
        let fft =
            attempt!(signal_rfft::Float32::new(signal_rfft::Float32Spec { rows: 1, frame, fft_length }));
        ensure!(spec.axes > 0, "a row must have a value");
        ensure!(tables.window.len() == frame, "the window must have a factor for each row");
        ensure!(tables.twiddles.len() == fft_length, "the transform must have fft_length twiddles");
        ensure!(tables.split.len() == fft_length / 4 * 2, "the transform must have its split table");
        let mut at = 1;
        while at < tables.edges.len() {
            ensure!(tables.edges[at - 1] < tables.edges[at], "the edges of bands must rise");
            ensure!(tables.edges[at] as usize <= fft_length / 2 + 1, "a band must lie in the spectrum");
            at += 1;
        }
        Ok(Spectral { spec, tables, fft })
    }

    const fn n_bands(&self) -> usize {
        self.tables.edges.len().saturating_sub(1)
    }

    /// Features of an axis.
    pub const fn n_features(&self) -> usize {
        N_FIGURES + self.n_bands() + 2 * self.spec.peaks
    }

    /// Numbers of scratch memory that a window needs.
    pub const fn scratch_len(&self) -> usize {
        3 * self.spec.fft_length + 2
    }

    /// The features of a window `[rows, axes]`, as `[axes, features]`.
    ///
    /// # Errors
    /// [`WrongLength`] of the window, of the output, or of too little scratch memory.
    pub fn run(&self, rows: &[f32], output: &mut [f32], scratch: &mut [f32]) -> Result<(), WrongLength> {
        let Spec { axes, .. } = self.spec;
        length("rows", rows.len(), self.spec.rows * axes)?;
        length("output", output.len(), axes * self.n_features())?;
        for (axis, features) in output.chunks_exact_mut(self.n_features()).enumerate() {
            self.axis(rows, axis, features, scratch)?;
        }
        Ok(())
    }

    fn axis(
        &self,
        rows: &[f32],
        axis: usize,
        features: &mut [f32],
        scratch: &mut [f32],
    ) -> Result<(), WrongLength> {
        let Spec { rows: n_rows, axes, fft_length, rate_hz, .. } = self.spec;
        let missing = WrongLength { operand: "scratch", expected: self.scratch_len(), found: scratch.len() };
        let values = rows.iter().skip(axis).step_by(axes).copied();
        let moments = moments(values.clone());
        let crossings = crossings(values.clone(), moments.mean) as f32 / n_rows as f32;
        let (figures, rest) = features.split_at_mut(N_FIGURES.min(features.len()));
        let found = [moments.deviation, moments.skewness, moments.kurtosis, crossings];
        figures.iter_mut().zip(found).for_each(|(figure, value)| *figure = value);

        let (spectrum, work) = scratch.split_at_mut_checked(fft_length + 2).ok_or(missing)?;
        let (work, windowed) = work.split_at_mut_checked(fft_length).ok_or(missing)?;
        let windowed = windowed.get_mut(..n_rows).ok_or(missing)?;
        for ((place, value), weight) in windowed.iter_mut().zip(values).zip(self.tables.window) {
            *place = (value - moments.mean) * weight;
        }
        self.fft.run(windowed, self.tables.twiddles, self.tables.split, spectrum, work)?;
        // Power of each bin, so that a sine of amplitude a gives a² / 4 at its bin whatever the length.
        let sum = self.tables.window.iter().fold(0.0, |sum, weight| sum + weight);
        let scale = 1.0 / (sum * sum);
        let n_bins = fft_length / 2 + 1;
        let powers = work.get_mut(..n_bins).ok_or(missing)?;
        for (power, &[re, im]) in powers.iter_mut().zip(spectrum.as_chunks::<2>().0) {
            *power = (re * re + im * im) * scale;
        }
        let (bands, peaks) = rest.split_at_mut(self.n_bands().min(rest.len()));
        for (band, edges) in bands.iter_mut().zip(self.tables.edges.windows(2)) {
            let &[from, to] = edges else { continue };
            let bins = powers.get(usize::from(from)..usize::from(to)).unwrap_or_default();
            *band = float::log(bins.iter().fold(0.0, |sum, power| sum + power) + 1e-12);
        }
        for peak in peaks.as_chunks_mut::<2>().0 {
            let at = strongest(powers);
            let power = powers.get(at).copied().unwrap_or(0.0);
            *peak = match power > 0.0 {
                true => [at as f32 * rate_hz / fft_length as f32, 2.0 * float::sqrt(power)],
                false => [0.0; 2],
            };
            clear(powers, at);
        }
        Ok(())
    }
}

/// The bin of the largest local maximum without the first; 0 when there is none.
fn strongest(powers: &[f32]) -> usize {
    let (mut best, mut most) = (0, 0.0);
    for (at, around) in powers.windows(3).enumerate() {
        let &[before, power, after] = around else { continue };
        if power > most && power >= before && power >= after {
            (best, most) = (at + 1, power);
        }
    }
    best
}

/// Clears a peak with its slopes, so that the next one is another.
fn clear(powers: &mut [f32], at: usize) {
    let (below, above) = powers.split_at_mut(at.min(powers.len()));
    let mut last = f32::INFINITY;
    for power in above {
        if *power > last {
            break;
        }
        last = *power;
        *power = 0.0;
    }
    let mut last = f32::INFINITY;
    for power in below.iter_mut().rev() {
        if *power > last {
            break;
        }
        last = *power;
        *power = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables;
    use std::vec::Vec;

    #[test]
    fn two_tones_are_two_peaks_and_two_bands() {
        let (window, (twiddles, split)) = (tables::hann(128), tables::transform(128));
        let edges = tables::edges(&[1.0, 10.0, 20.0, 40.0], 100.0, 128).unwrap();
        let tables = Tables { window: &window, twiddles: &twiddles, split: &split, edges: &edges };
        let spec = Spec { rows: 128, axes: 2, fft_length: 128, rate_hz: 100.0, peaks: 2 };
        let spectral = Spectral::new(spec, tables).unwrap();
        let tone = |row: usize, bin: f64| (row as f64 * bin * 2.0 * core::f64::consts::PI / 128.0).sin();
        let rows: Vec<f32> = (0..128)
            .flat_map(|row| [(3.0 + 2.0 * tone(row, 8.0) + 0.5 * tone(row, 30.0)) as f32, 7.0])
            .collect();
        let mut output = [9.0; 22];
        spectral.run(&rows, &mut output, &mut std::vec![0.0; spectral.scratch_len()]).unwrap();
        let (x, flat) = output.split_at(11);
        let near = |a: f32, b: f32| (a - b).abs() < 1e-3 * b.abs().max(1.0);
        // The deviation of tones: sqrt((2² + 0.5²) / 2).
        assert!(near(x[0], 1.457_738), "{x:?}");
        assert!(near(x[7], 6.25) && near(x[8], 2.0) && near(x[9], 23.4375) && near(x[10], 0.5), "{x:?}");
        assert!(x[4] > x[6] && x[6] > x[5] + 5.0, "{x:?}");
        assert_eq!((flat[0], flat[3], flat[7]), (0.0, 0.0, 0.0));
    }
}
