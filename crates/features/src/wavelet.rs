//! Wavelet analysis of a window of a vibration signal: what shakes at which scale, and how abruptly (Mallat, *A theory for
//! multiresolution signal decomposition*, 1989, with the filters of Daubechies, 1988).
//!
//! Each level halves what the level before left: `detail[k] = sum over n of high[n] * x[(2k + n) mod N]`, and the same with
//! `low` for the rest, where `high[n] = (-1)^n * low[taps - 1 - n]`; the last of an odd number of values counts twice. For each
//! axis and each of its bands, the details from the finest level on and then the rest, in this order: ln(mean square + 1e-12),
//! skewness, kurtosis, crossings of the mean over the values of the band. The mean of the axis is taken off before.

use crate::statistics::{crossings, moments, root_mean_square};
use crate::{InvalidSpec, WrongLength, ensure, length};
use smidgen_kernels::float;

/// Figures of a band.
const N_FIGURES: usize = 4;

/// Everything that is known when the firmware is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spec {
    /// Rows of a window.
    pub rows: usize,
    /// Values of a row.
    pub axes: usize,
    /// How often the rest is divided.
    pub levels: usize,
}

/// The front end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wavelet<'t> {
    spec: Spec,
    /// The low-pass filter.
    low: &'t [f32],
}

impl<'t> Wavelet<'t> {
    /// Checks the specification and the taps of the low-pass filter.
    ///
    /// # Errors
    /// [`InvalidSpec`] when there is no axis or level, taps are odd in number, or the last level has fewer values than taps.
    pub const fn new(spec: Spec, low: &'t [f32]) -> Result<Self, InvalidSpec> {
        ensure!(spec.axes > 0 && spec.levels > 0, "there must be an axis and a level");
        ensure!(low.len() >= 2 && low.len().is_multiple_of(2), "a filter must have an even number of taps");
        let (mut left, mut level) = (spec.rows, 0);
        while level < spec.levels {
            ensure!(left >= low.len(), "the last level must have as many values as the filter has taps");
            left = left.div_ceil(2);
            level += 1;
        }
        Ok(Wavelet { spec, low })
    }

    /// Features of an axis.
    pub const fn n_features(&self) -> usize {
        N_FIGURES * (self.spec.levels + 1)
    }

    /// Numbers of scratch memory that a window needs.
    pub const fn scratch_len(&self) -> usize {
        2 * (self.spec.rows + 1)
    }

    /// The features of a window `[rows, axes]`, as `[axes, features]`.
    ///
    /// # Errors
    /// [`WrongLength`] of the window, of the output, or of too little scratch memory.
    pub fn run(&self, rows: &[f32], output: &mut [f32], scratch: &mut [f32]) -> Result<(), WrongLength> {
        let Spec { rows: n_rows, axes, .. } = self.spec;
        length("rows", rows.len(), n_rows * axes)?;
        length("output", output.len(), axes * self.n_features())?;
        let missing = WrongLength { operand: "scratch", expected: self.scratch_len(), found: scratch.len() };
        let (left, made) = scratch.split_at_mut_checked(n_rows + 1).ok_or(missing)?;
        let made = made.get_mut(..n_rows + 1).ok_or(missing)?;
        for (axis, features) in output.chunks_exact_mut(self.n_features()).enumerate() {
            let values = rows.iter().skip(axis).step_by(axes).copied();
            let mean = moments(values.clone()).mean;
            left.iter_mut().zip(values).for_each(|(place, value)| *place = value - mean);
            self.axis(left, made, features);
        }
        Ok(())
    }

    /// Divides the first `rows` values of `left`, level by level.
    fn axis(&self, left: &mut [f32], made: &mut [f32], features: &mut [f32]) {
        let mut n = self.spec.rows;
        let mut bands = features.chunks_exact_mut(N_FIGURES);
        for (_, band) in (0..self.spec.levels).zip(&mut bands) {
            if let Some(&last) = left.get(..n).and_then(<[f32]>::last) {
                left.get_mut(n).into_iter().for_each(|place| *place = last);
            }
            let half = n.div_ceil(2);
            let x = left.get(..2 * half).unwrap_or_default();
            let (rest, details) = made.split_at_mut(half.min(made.len()));
            for (k, (rest, detail)) in rest.iter_mut().zip(details.iter_mut()).enumerate() {
                (*rest, *detail) = self.pair(x, 2 * k);
            }
            figures(details.get(..half).unwrap_or_default(), band);
            left.iter_mut().zip(rest.iter()).for_each(|(place, value)| *place = *value);
            n = half;
        }
        bands.for_each(|band| figures(left.get(..n).unwrap_or_default(), band));
    }

    /// The low and the high part of `x` from `at` on.
    fn pair(&self, x: &[f32], at: usize) -> (f32, f32) {
        let (before, from) = x.split_at(at.min(x.len()));
        let values = || from.iter().chain(before);
        let low = self.low.iter().zip(values()).fold(0.0, |sum, (tap, value)| sum + tap * value);
        let high = self
            .low
            .iter()
            .rev()
            .zip(values())
            .fold((0.0, 1.0), |(sum, sign), (tap, value)| (sum + sign * tap * value, -sign));
        (low, high.0)
    }
}

fn figures(band: &[f32], figures: &mut [f32]) {
    let values = band.iter().copied();
    let moments = moments(values.clone());
    let rms = root_mean_square(values.clone());
    let crossings = crossings(values, moments.mean) as f32 / band.len().max(1) as f32;
    let found = [float::log(rms * rms + 1e-12), moments.skewness, moments.kurtosis, crossings];
    figures.iter_mut().zip(found).for_each(|(figure, value)| *figure = value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{self, Family};
    use std::vec::Vec;

    #[test]
    fn filters_are_orthonormal() {
        for family in [Family::Haar, Family::Db2, Family::Db4] {
            let low = tables::wavelet(family);
            let product = |shift: usize| low.iter().zip(&low[shift..]).map(|(a, b)| a * b).sum::<f32>();
            assert!(
                (product(0) - 1.0).abs() < 1e-6 && (low.iter().sum::<f32>() - 2.0f32.sqrt()).abs() < 1e-6
            );
            assert!((2..low.len()).step_by(2).all(|shift| product(shift).abs() < 1e-6), "{family:?}");
        }
    }

    #[test]
    fn energy_stays_and_a_tone_is_at_its_scale() {
        let low = tables::wavelet(Family::Db4);
        let wavelet = Wavelet::new(Spec { rows: 128, axes: 1, levels: 3 }, &low).unwrap();
        // 3/8 of the rate: in the upper half of the spectrum, the first level.
        let rows: Vec<f32> = (0..128).map(|row| (row as f32 * 0.75 * std::f32::consts::PI).sin()).collect();
        let mut output = [0.0; 16];
        wavelet.run(&rows, &mut output, &mut std::vec![0.0; wavelet.scratch_len()]).unwrap();
        let square = |band: usize| output[4 * band].exp();
        let energy = 64.0 * square(0) + 32.0 * square(1) + 16.0 * (square(2) + square(3));
        let given = rows.iter().map(|value| value * value).sum::<f32>();
        assert!((energy / given - 1.0).abs() < 1e-4, "{energy} {given}");
        assert!(64.0 * square(0) > 0.95 * energy, "{output:?}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let low = tables::wavelet(Family::Db4);
        let spec = Spec { rows: 31, axes: 1, levels: 3 };
        assert!(Wavelet::new(spec, &low).is_ok() && Wavelet::new(Spec { levels: 4, ..spec }, &low).is_err());
        assert!(
            Wavelet::new(Spec { axes: 0, ..spec }, &low).is_err() && Wavelet::new(spec, &low[1..]).is_err()
        );
        let wavelet = Wavelet::new(spec, &low).unwrap();
        assert!(wavelet.run(&[0.0; 31], &mut [0.0; 16], &mut [0.0; 63]).is_err());
        assert!(wavelet.run(&[0.0; 30], &mut [0.0; 16], &mut [0.0; 64]).is_err());
    }
}
