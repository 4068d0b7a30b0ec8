//! Where the values of clusters lie: Lloyd's k-means.

use super::clusters::{Clusters, END, SAME, Sharing, rows, steps, with_fixed};
use super::{Config, Start};
use crate::filters::Filter;

/// A layer with more zeros than this share keeps them.
const SPARSE: f64 = 0.1;

/// The clusters of a filter: of the layer, or of each channel where that is asked for and channels have scales of their own.
pub(super) fn cluster(values: &[f32], filter: &Filter, config: &Config) -> Sharing {
    let filter = &Filter { per_channel: filter.per_channel && !config.one_scale, ..*filter };
    match rows(filter).filter(|_| config.per_channel) {
        None => Sharing::Layer(of_weights(values, filter, config)),
        Some(row) => {
            let rows = values.chunks(filter.row.max(1));
            Sharing::Channels(rows.map(|values| of_weights(values, &row, config)).collect())
        }
    }
}

/// The place of the nearest of ascending centroids.
pub(super) fn nearest(centroids: &[f64], value: f64) -> usize {
    let above = centroids.partition_point(|centroid| *centroid < value);
    match above {
        0 => 0,
        at if at == centroids.len() => at - 1,
        at if value - centroids[at - 1] <= centroids[at] - value => at - 1,
        at => at,
    }
}

/// Most rounds of k-means.
const ROUNDS: usize = 100;

/// Lloyd's k-means over the steps of weights.
fn of_weights(values: &[f32], filter: &Filter, config: &Config) -> Clusters {
    let steps = steps(values, filter);
    let n_zeros = steps.iter().filter(|step| **step == 0.0).count();
    let keeps_zeros = n_zeros as f64 > SPARSE * steps.len() as f64;
    // What is fixed: the ends that some channel reaches, and 0 where it was pruned for.
    let reaches = |end: f64| steps.iter().any(|step| (step - end).abs() <= SAME);
    let mut fixed: Vec<f64> = [-END, END].into_iter().filter(|end| reaches(*end)).collect();
    if keeps_zeros {
        fixed.push(0.0);
    }
    fixed.truncate(config.clusters);
    let mut free: Vec<f64> = steps.iter().copied().filter(|step| !keeps_zeros || *step != 0.0).collect();
    free.sort_by(f64::total_cmp);
    let n_free = config.clusters - fixed.len();
    let mut centroids: Vec<f64> = fixed.iter().copied().chain(start(&free, n_free, config)).collect();
    centroids.sort_by(f64::total_cmp);
    centroids.dedup_by(|a, b| (*a - *b).abs() <= SAME);
    for _ in 0..ROUNDS {
        let (mut sums, mut counts) = (vec![0.0; centroids.len()], vec![0usize; centroids.len()]);
        for step in &free {
            let at = nearest(&centroids, *step);
            (sums[at], counts[at]) = (sums[at] + step, counts[at] + 1);
        }
        let mut moved: f64 = 0.0;
        for (at, centroid) in centroids.iter_mut().enumerate() {
            let is_fixed = fixed.iter().any(|fixed| (fixed - *centroid).abs() <= SAME);
            if !is_fixed && counts[at] > 0 {
                let mean = sums[at] / counts[at] as f64;
                moved = moved.max((mean - *centroid).abs());
                *centroid = mean;
            }
        }
        if moved < 1e-3 {
            break;
        }
    }
    let zero = nearest(&centroids, 0.0);
    let of = |step: &f64| if keeps_zeros && *step == 0.0 { zero } else { nearest(&centroids, *step) };
    let of = steps.iter().map(|step| of(step) as u8).collect();
    with_fixed(filter, of, &centroids, keeps_zeros)
}

/// `n` centroids to begin with, among ascending values.
fn start(sorted: &[f64], n: usize, config: &Config) -> Vec<f64> {
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { return Vec::new() };
    match config.start {
        Start::Linear => (0..n).map(|at| low + (high - low) * (at as f64 + 1.0) / (n as f64 + 1.0)).collect(),
        Start::Density => (0..n).map(|at| sorted[(2 * at + 1) * sorted.len() / (2 * n)]).collect(),
        Start::KMeansPlusPlus => plus_plus(sorted, n, config.seed),
    }
}

fn plus_plus(sorted: &[f64], n: usize, seed: u64) -> Vec<f64> {
    // Knuth's MMIX generator: enough to draw a few places.
    let mut state = seed ^ 0x5eed;
    let mut uniform = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut chosen: Vec<f64> = Vec::new();
    let mut distances = vec![1.0f64; sorted.len()];
    for _ in 0..n {
        let mut target = uniform() * distances.iter().sum::<f64>();
        let at = distances.iter().position(|distance| {
            target -= distance;
            target <= 0.0
        });
        let centroid = sorted[at.unwrap_or(sorted.len() - 1)];
        for (distance, value) in distances.iter_mut().zip(sorted) {
            let own = (value - centroid).powi(2);
            *distance = if chosen.is_empty() { own } else { distance.min(own) };
        }
        chosen.push(centroid);
    }
    chosen
}
