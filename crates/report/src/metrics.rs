//! Numbers that judge scores and values.

use serde::{Deserialize, Serialize};

/// The area under the ROC curve: the probability that a positive has a higher score than a negative, equal ones counted half
/// (Fawcett, *An introduction to ROC analysis*, 2006). `None` without positives or negatives, or with a score that is no
/// number.
pub fn area_under_curve(scores: &[f32], positive: &[bool]) -> Option<f64> {
    let mut pairs: Vec<(f32, bool)> = scores.iter().copied().zip(positive.iter().copied()).collect();
    let n_positive = pairs.iter().filter(|(_, positive)| *positive).count() as f64;
    let n_negative = pairs.len() as f64 - n_positive;
    if n_positive == 0.0 || n_negative == 0.0 || scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut sum) = (0.0, 0.0);
    for equal in pairs.chunk_by(|a, b| a.0 == b.0) {
        let positives = equal.iter().filter(|(_, positive)| *positive).count() as f64;
        let negatives = equal.len() as f64 - positives;
        sum += positives * (below + negatives / 2.0);
        below += negatives;
    }
    Some(sum / (n_positive * n_negative))
}

/// How far values are from the true ones, in their own unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValueErrors {
    /// What is told.
    pub name: String,
    /// Windows.
    pub n: u64,
    /// Mean absolute error.
    pub mae: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Share of the variance that is explained; 0 for the mean, below 0 for worse.
    pub r2: f64,
    /// Mean absolute error of the guess that nothing changes: the value in the window's last row.
    pub unchanged_mae: f64,
}

impl ValueErrors {
    /// The errors of `told` and of `unchanged`, both beside `truth`, one value for each window.
    pub fn of(name: &str, told: &[f32], truth: &[f32], unchanged: &[f32]) -> Self {
        let n = told.len().min(truth.len());
        let over = |values: &[f32], f: fn(f64) -> f64| {
            let differences = values.iter().zip(truth).map(|(a, b)| f64::from(*a) - f64::from(*b));
            differences.map(f).sum::<f64>() / n.max(1) as f64
        };
        let mean = truth.iter().map(|value| f64::from(*value)).sum::<f64>() / n.max(1) as f64;
        let variance =
            truth.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / n.max(1) as f64;
        let square = over(told, |difference| difference * difference);
        ValueErrors {
            name: name.into(),
            n: n as u64,
            mae: over(told, f64::abs),
            rmse: square.sqrt(),
            r2: 1.0 - square / variance.max(f64::MIN_POSITIVE),
            unchanged_mae: over(unchanged, f64::abs),
        }
    }
}

/// What a detector found of the objects in images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finds {
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Average precision of each class; `None` where no image has it.
    pub average_precision: Vec<Option<f64>>,
    /// Images.
    pub n_images: u64,
    /// Objects in them.
    pub n_objects: u64,
}

impl Finds {
    /// The mean over the classes that are there.
    pub fn mean(&self) -> f64 {
        let there: Vec<f64> = self.average_precision.iter().flatten().copied().collect();
        there.iter().sum::<f64>() / there.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_counts_ordered_pairs() {
        let scores = [0.1, 0.4, 0.35, 0.8];
        // Pairs in order: 0.35 above 0.1, 0.8 above both; 0.35 is below 0.4.
        assert_eq!(area_under_curve(&scores, &[false, false, true, true]), Some(0.75));
        assert_eq!(area_under_curve(&[1.0; 4], &[false, false, true, true]), Some(0.5));
        assert_eq!(area_under_curve(&scores, &[true; 4]), None);
        assert_eq!(area_under_curve(&[f32::NAN, 1.0], &[true, false]), None);
    }

    #[test]
    fn errors_by_hand() {
        let errors = ValueErrors::of("x", &[1.0, 2.0, 5.0], &[1.0, 3.0, 2.0], &[0.0, 3.0, 2.0]);
        assert!(
            (errors.mae - 4.0 / 3.0).abs() < 1e-12 && (errors.rmse - (10.0f64 / 3.0).sqrt()).abs() < 1e-12
        );
        assert!((errors.r2 - (1.0 - 5.0)).abs() < 1e-12 && (errors.unchanged_mae - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(ValueErrors::of("none", &[], &[], &[]).mae, 0.0);
    }
}
