//! Models that are fitted to rows of values instead of trained by gradients: what is far from them is unusual.

mod gaussian_mixture;
mod k_means;

pub use gaussian_mixture::{GaussianMixture, gaussian_mixture};
pub use k_means::{KMeans, k_means};

use crate::error::TrainError;

/// Rows of values, all of one width.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    values: &'a [f32],
    width: usize,
}

impl<'a> Rows<'a> {
    /// The rows of `width` values that `values` holds.
    ///
    /// # Errors
    /// Values that are no whole number of rows, or not finite.
    pub fn new(values: &'a [f32], width: usize) -> Result<Self, TrainError> {
        if width == 0 || !values.len().is_multiple_of(width) {
            let message = format!("{} values do not make rows of {width}", values.len());
            return Err(TrainError::Examples(message));
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(TrainError::Examples(format!("row {} holds {}", at / width, values[at]))),
            None => Ok(Rows { values, width }),
        }
    }

    /// One over the standard deviation of each column; 1 where a column is constant.
    pub fn reciprocal_deviations(self) -> Vec<f32> {
        let reciprocal = |variance: f64| if variance > 1e-12 { (1.0 / variance.sqrt()) as f32 } else { 1.0 };
        (0..self.width).map(|column| reciprocal(self.moments(column).1)).collect()
    }

    /// Mean and variance of a column.
    fn moments(self, column: usize) -> (f64, f64) {
        let n = self.len().max(1) as f64;
        let values = self.iter().map(|row| f64::from(row[column]));
        let mean = values.clone().sum::<f64>() / n;
        (mean, values.map(|value| (value - mean).powi(2)).sum::<f64>() / n)
    }

    fn len(self) -> usize {
        self.values.len() / self.width
    }

    fn iter(self) -> std::slice::ChunksExact<'a, f32> {
        self.values.chunks_exact(self.width)
    }

    fn row(self, at: usize) -> &'a [f32] {
        &self.values[at * self.width..(at + 1) * self.width]
    }

    /// Refuses to fit more parts than there are rows.
    fn check(self, parts: usize) -> Result<(), TrainError> {
        if (1..=self.len()).contains(&parts) {
            return Ok(());
        }
        Err(TrainError::Examples(format!(
            "{} row(s) for {parts} part(s); expected at least one part, and a row for each",
            self.len()
        )))
    }
}

fn square_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
}

#[cfg(test)]
mod tests;
