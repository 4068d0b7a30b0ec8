//! A mixture of Gaussians with diagonal covariances by expectation and maximisation, from the centres of k-means (Bishop,
//! *Pattern Recognition and Machine Learning*, 2006, section 9.2).

use super::{Rows, k_means};
use crate::error::TrainError;

const MAX_ROUNDS: usize = 200;
/// Rise of the mean log-likelihood below which it stops.
const TOLERANCE: f64 = 1e-5;
/// Share of a column's variance that every component keeps, so that none collapses onto a single row.
const FLOOR: f64 = 1e-3;

/// Fitted Gaussians, as `log p(x) = log sum over k of exp(constant[k] + sum over d of factor[k,d] * (x[d] - mean[k,d])^2)`.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianMixture {
    /// One row for each component.
    pub means: Vec<f32>,
    /// `-1 / (2 variance)`, one row for each component.
    pub factors: Vec<f32>,
    /// Logarithm of weight and normalisation of each component.
    pub constants: Vec<f32>,
    /// Mean log-likelihood of the rows after each round.
    pub log_likelihood: Vec<f64>,
}

struct Component {
    weight: f64,
    mean: Vec<f64>,
    variance: Vec<f64>,
}

impl Component {
    /// Logarithm of the weight and of what makes a density of the exponential.
    fn constant(&self) -> f64 {
        let tau = 2.0 * std::f64::consts::PI;
        let logs: f64 = self.variance.iter().map(|variance| (tau * variance).ln()).sum();
        self.weight.max(f64::MIN_POSITIVE).ln() - logs / 2.0
    }

    /// The squared distance of `row` in deviations.
    fn square_distance(&self, row: &[f32]) -> f64 {
        let columns = row.iter().zip(&self.mean).zip(&self.variance);
        columns.map(|((value, mean), variance)| (f64::from(*value) - mean).powi(2) / variance).sum()
    }
}

/// Fits `parts` Gaussians to `rows`.
///
/// # Errors
/// No component, or fewer rows than components.
pub fn gaussian_mixture(rows: Rows<'_>, parts: usize, seed: u64) -> Result<GaussianMixture, TrainError> {
    let centres = k_means(rows, parts, seed)?.centres;
    let n = rows.len() as f64;
    let floor = floors(rows);
    let mut components: Vec<Component> = centres
        .chunks_exact(rows.width)
        .map(|centre| Component {
            weight: 1.0 / parts as f64,
            mean: centre.iter().map(|&value| f64::from(value)).collect(),
            variance: floor.iter().map(|floor| floor / FLOOR).collect(),
        })
        .collect();
    let mut log_likelihood: Vec<f64> = Vec::new();
    let mut shares = vec![0.0; rows.len() * parts];
    for _ in 0..MAX_ROUNDS {
        let constants: Vec<f64> = components.iter().map(Component::constant).collect();
        let mut total = 0.0;
        for (row, shares) in rows.iter().zip(shares.chunks_exact_mut(parts)) {
            for ((share, part), constant) in shares.iter_mut().zip(&components).zip(&constants) {
                *share = constant - part.square_distance(row) / 2.0;
            }
            let greatest = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = shares.iter().map(|log| (log - greatest).exp()).sum();
            let log_p = greatest + sum.ln();
            total += log_p;
            shares.iter_mut().for_each(|share| *share = (*share - log_p).exp());
        }
        let before = log_likelihood.last().copied();
        log_likelihood.push(total / n);
        if before.is_some_and(|before| total / n - before < TOLERANCE) {
            break;
        }
        for (part, component) in components.iter_mut().enumerate() {
            maximise(component, rows, shares.iter().skip(part).step_by(parts), &floor);
        }
    }
    let flat = |of: &dyn Fn(&Component) -> Vec<f32>| components.iter().flat_map(of).collect();
    Ok(GaussianMixture {
        means: flat(&|part| part.mean.iter().map(|&mean| mean as f32).collect()),
        factors: flat(&|part| part.variance.iter().map(|variance| (-0.5 / variance) as f32).collect()),
        constants: flat(&|part| vec![part.constant() as f32]),
        log_likelihood,
    })
}

/// The least variance of each column; of a constant one a small number of its own.
fn floors(rows: Rows<'_>) -> Vec<f64> {
    let floor = |at: usize| {
        let (mean, variance) = rows.moments(at);
        FLOOR * variance.max(1e-6 * mean * mean).max(1e-9)
    };
    (0..rows.width).map(floor).collect()
}

/// Weight, mean and variance of the rows' shares in a component.
fn maximise<'s>(
    component: &mut Component,
    rows: Rows<'_>,
    shares: impl Iterator<Item = &'s f64> + Clone,
    floor: &[f64],
) {
    let all: f64 = shares.clone().sum();
    component.weight = all / rows.len() as f64;
    if all < 1e-9 {
        return;
    }
    component.mean.fill(0.0);
    for (row, share) in rows.iter().zip(shares.clone()) {
        component.mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += share / all * f64::from(*value));
    }
    component.variance.fill(0.0);
    for (row, share) in rows.iter().zip(shares) {
        for ((variance, mean), value) in component.variance.iter_mut().zip(&component.mean).zip(row) {
            *variance += share / all * (f64::from(*value) - mean).powi(2);
        }
    }
    component.variance.iter_mut().zip(floor).for_each(|(variance, floor)| *variance = variance.max(*floor));
}
