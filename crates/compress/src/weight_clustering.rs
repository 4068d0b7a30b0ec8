//! Weight clustering: the weights of a layer take on few values, so that a device stores short indices and a codebook (Han,
//! Mao and Dally, *Deep Compression*, 2016, section 3).
//!
//! Values are shared as int8 will have them: a weight is its channel's scale times one of the layer's centroids, which lie in
//! -127 to 127. The outermost centroids stay at the ends, so that quantisation finds the very scales that clustering saw,
//! and all channels of a layer have one codebook. Zeros that pruning made stay zeros. While the network is fine-tuned, the
//! centroids and the channels' scales are what moves.

use serde::{Deserialize, Serialize};
use smidgen_ir::{DType, Graph, IrError, Op, TensorIdx};
use smidgen_train::Constraint;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::filters::{Filter, depthwise_filters, filters, set};
use crate::post_training_quantization::{check_float, prepared};
use crate::{CompressError, Context, Held};

/// Greatest step of an int8 weight.
const END: f64 = 127.0;

/// A layer with more zeros than this share keeps them.
const SPARSE: f64 = 0.1;

/// Where k-means begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Evenly from the least to the greatest value, which serves the rare large weights.
    #[default]
    Linear,
    /// As many weights between one centroid and the next.
    Density,
    /// Far from each other, drawn at random (Arthur and Vassilvitskii, *k-means++*, 2007).
    KMeansPlusPlus,
}

/// Options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Values of a layer's weights: 2 to 256.
    pub clusters: usize,
    /// Where k-means begins.
    pub start: Start,
    /// Seed of what is drawn at random.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config { clusters: 16, start: Start::Linear, seed: 1 }
    }
}

/// Which centroid each weight of a filter has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Clusters {
    filter: Filter,
    of: Vec<u8>,
    n: usize,
    /// The centroids at -127, 0 and 127, where there are such.
    ends: [Option<u8>; 2],
    zero: Option<u8>,
}

impl Clusters {
    /// The scale of each channel: what its outermost weights are, over 127.
    fn scales(&self, values: &[f32]) -> Vec<f64> {
        let n = self.filter.n_scales();
        let (mut largest, mut sums, mut counts) = (vec![0.0f64; n], vec![0.0f64; n], vec![0usize; n]);
        for (at, value) in values.iter().enumerate() {
            let (channel, magnitude) = (self.filter.scale_of(at), f64::from(value.abs()));
            largest[channel] = largest[channel].max(magnitude);
            if self.ends.contains(&Some(self.of[at])) {
                (sums[channel], counts[channel]) = (sums[channel] + magnitude, counts[channel] + 1);
            }
        }
        let of = |channel: usize| {
            let n = counts[channel];
            let magnitude = if n > 0 { sums[channel] / n as f64 } else { largest[channel] };
            if magnitude > 0.0 { magnitude / END } else { 1.0 / END }
        };
        (0..n).map(of).collect()
    }

    /// The mean of the weights of each cluster, in steps.
    fn centroids(&self, values: &[f32], scales: &[f64]) -> Vec<f64> {
        let (mut sums, mut counts) = (vec![0.0f64; self.n], vec![0usize; self.n]);
        for (at, value) in values.iter().enumerate() {
            let cluster = usize::from(self.of[at]);
            sums[cluster] += f64::from(*value) / scales[self.filter.scale_of(at)];
            counts[cluster] += 1;
        }
        let mut centroids: Vec<f64> =
            sums.iter().zip(&counts).map(|(sum, &n)| (sum / n.max(1) as f64).clamp(-END, END)).collect();
        for (fixed, to) in self.ends.iter().chain([&self.zero]).zip([-END, END, 0.0]) {
            if let Some(fixed) = fixed {
                centroids[usize::from(*fixed)] = to;
            }
        }
        centroids
    }

    fn share(&self, values: &mut [f32], finish: impl Fn(f64) -> f64) {
        let scales = self.scales(values);
        let centroids: Vec<f64> = self.centroids(values, &scales).into_iter().map(finish).collect();
        for (at, value) in values.iter_mut().enumerate() {
            *value = (scales[self.filter.scale_of(at)] * centroids[usize::from(self.of[at])]) as f32;
        }
    }
}

impl Constraint for Clusters {
    fn project(&self, values: &mut [f32]) {
        self.share(values, |centroid| centroid);
    }
}

impl Config {
    /// Checks that the options make sense.
    ///
    /// # Errors
    /// [`CompressError::Options`] with what was found and expected.
    pub fn check(&self) -> Result<(), CompressError> {
        match self.clusters {
            2..=256 => Ok(()),
            n => Err(CompressError::Options(format!("weight_clustering: {n} clusters, expected 2 to 256"))),
        }
    }
}

/// The graph with clustered weights. The log of `context` says how far they moved.
///
/// # Errors
/// Options that make no sense, and a graph that is not float32 or has nothing to cluster.
pub fn apply(graph: &Graph, config: &Config, context: &mut Context<'_>) -> Result<Graph, CompressError> {
    config.check()?;
    graph.verify().map_err(IrError::Invalid)?;
    check_float(graph)?;
    let mut clustered = prepared(graph)?;
    let filters = clusterable(&clustered);
    if filters.is_empty() {
        let message = "weight_clustering: there is no CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED with constant weights";
        return Err(CompressError::Options(message.into()));
    }
    let (mut noise, mut signal) = (0.0, 0.0);
    for filter in filters {
        let mut values = clustered.tensor(filter.tensor).f32s().unwrap_or_default();
        let before = values.clone();
        cluster(&values, &filter, config).share(&mut values, |centroid| centroid);
        for (old, new) in before.iter().zip(&values) {
            noise += f64::from(old - new).powi(2);
            signal += f64::from(*old).powi(2);
        }
        set(&mut clustered, filter.tensor, &values);
    }
    context.log.push(format!(
        "weight_clustering: {} values a layer, {:.1} dB above the difference",
        config.clusters,
        10.0 * (signal / noise.max(f64::MIN_POSITIVE)).log10()
    ));
    Ok(clustered)
}

fn clusterable(graph: &Graph) -> Vec<Filter> {
    filters(graph).into_iter().chain(depthwise_filters(graph)).collect()
}

/// What holds the weights of a clustered graph together: weights of a layer that are the same number of steps.
pub fn held(graph: &Graph) -> Held {
    let constraint = |filter: Filter| {
        let values = graph.tensor(filter.tensor).f32s()?;
        let clusters = Arc::new(found(&values, &filter)?) as Arc<dyn Constraint>;
        Some((filter.tensor, clusters))
    };
    clusterable(graph).into_iter().filter_map(constraint).collect()
}

/// A clustered graph whose centroids are whole steps of int8: every channel of a layer has the same ones.
pub fn settled(graph: &Graph) -> Graph {
    let mut settled = graph.clone();
    for filter in clusterable(graph) {
        let mut values = graph.tensor(filter.tensor).f32s().unwrap_or_default();
        if let Some(clusters) = found(&values, &filter) {
            clusters.share(&mut values, f64::round);
            set(&mut settled, filter.tensor, &values);
        }
    }
    settled
}

/// The greatest number of values that the weights of a CONV_2D or FULLY_CONNECTED of an int8 graph have.
pub fn n_values(graph: &Graph) -> usize {
    let is_weighted = |op: &Op| matches!(op, Op::Conv2d(_) | Op::FullyConnected(_));
    let filters = graph
        .nodes
        .iter()
        .filter(|node| is_weighted(&node.op))
        .filter_map(|node| node.inputs.get(1).copied());
    let values = |filter: TensorIdx| {
        let tensor = graph.tensor(filter);
        match tensor.dtype {
            DType::I4 => {
                let nibbles =
                    tensor.data.iter().flat_map(|data| data.iter()).flat_map(|byte| [byte & 15, byte >> 4]);
                nibbles.collect::<BTreeSet<u8>>().len()
            }
            _ => tensor.i8s().unwrap_or_default().into_iter().collect::<BTreeSet<i8>>().len(),
        }
    };
    filters.flatten().map(values).max().unwrap_or(0)
}

/// The weights in steps of int8, as quantisation will have them before it rounds.
fn steps(values: &[f32], filter: &Filter) -> Vec<f64> {
    let mut largest = vec![0.0f32; filter.n_scales()];
    for (at, value) in values.iter().enumerate() {
        let channel = &mut largest[filter.scale_of(at)];
        *channel = channel.max(value.abs());
    }
    let factor = |largest: f32| if largest > 0.0 { END / f64::from(largest) } else { 1.0 };
    let factors: Vec<f64> = largest.into_iter().map(factor).collect();
    values.iter().enumerate().map(|(at, value)| f64::from(*value) * factors[filter.scale_of(at)]).collect()
}

/// Values this near are the same: they differ by how they were rounded to float32.
const SAME: f64 = 1e-3;

fn distinct(steps: &[f64]) -> Vec<f64> {
    let mut sorted = steps.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut values: Vec<f64> = Vec::new();
    for step in sorted {
        if values.last().is_none_or(|last| step - last > SAME) {
            values.push(step);
        }
    }
    values
}

fn with_fixed(filter: &Filter, of: Vec<u8>, centroids: &[f64], keeps_zeros: bool) -> Clusters {
    let at = |value: f64| centroids.iter().position(|centroid| (centroid - value).abs() <= SAME);
    let place = |value: f64| at(value).map(|at| at as u8);
    Clusters {
        filter: *filter,
        of,
        n: centroids.len(),
        ends: [place(-END), place(END)],
        zero: place(0.0).filter(|_| keeps_zeros),
    }
}

/// The clusters that weights are in already; `None` where they have more than 256 values.
fn found(values: &[f32], filter: &Filter) -> Option<Clusters> {
    let steps = steps(values, filter);
    let centroids = distinct(&steps);
    if centroids.len() > 256 {
        return None;
    }
    let of = steps.iter().map(|step| nearest(&centroids, *step) as u8).collect();
    Some(with_fixed(filter, of, &centroids, true))
}

/// The place of the nearest of ascending centroids.
fn nearest(centroids: &[f64], value: f64) -> usize {
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

/// Lloyd's k-means over the steps of a filter's weights.
fn cluster(values: &[f32], filter: &Filter, config: &Config) -> Clusters {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post_training_quantization as ptq;
    use crate::post_training_quantization::tests::{Noise, inputs};
    use crate::weight_pruning;
    use smidgen_ir::build::{Builder, Conv};

    fn network() -> Graph {
        let mut noise = Noise(3);
        let mut net = Builder::new("net", move |parameter| {
            let n = parameter.n_elements();
            // Bell-shaped, and channels of unlike size.
            let sizes = noise.values(8, 1.0);
            (0..n)
                .map(|at| (noise.next() + noise.next() + noise.next()) * (0.2 + sizes[at * 8 / n].abs()))
                .collect()
        });
        let x = net.input("x", &[1, 4, 4, 4]);
        let x = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
        let x = net.depthwise_conv_2d(x, Conv::new(1, [5, 5]));
        let x = net.reshape(x, &[1, -1]);
        let x = net.fully_connected(x, 6);
        net.finish(&[x]).unwrap()
    }

    fn clustered(graph: &Graph, config: &Config) -> Graph {
        apply(graph, config, &mut Context::new(&[])).unwrap()
    }

    /// The int8 values of each layer's weights.
    fn codebooks(graph: &Graph) -> Vec<BTreeSet<i8>> {
        let calibration = inputs(1, graph, 4);
        let int8 = ptq::apply(graph, &ptq::Config::default(), &mut Context::new(&calibration)).unwrap();
        let is_weighted =
            |op: &Op| matches!(op, Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_));
        let weighted = int8.nodes.iter().filter(|node| is_weighted(&node.op));
        weighted
            .map(|node| int8.tensor(node.inputs[1].unwrap()).i8s().unwrap().into_iter().collect())
            .collect()
    }

    #[test]
    fn all_channels_of_a_layer_share_one_int8_codebook() {
        for start in [Start::Linear, Start::Density, Start::KMeansPlusPlus] {
            for clusters in [4, 8, 16, 200] {
                let graph = settled(&clustered(&network(), &Config { clusters, start, seed: 2 }));
                for codebook in codebooks(&graph) {
                    assert!(codebook.len() <= clusters, "{start:?} {clusters}: {codebook:?}");
                    assert!(codebook.len() * 2 > clusters.min(100), "{start:?} {clusters}: {codebook:?}");
                }
            }
        }
    }

    #[test]
    fn more_clusters_are_nearer() {
        let before = network();
        let distance = |clusters| {
            let after = clustered(&before, &Config { clusters, ..Config::default() });
            let sum = |filter: &Filter| -> f64 {
                let values = |graph: &Graph| graph.tensor(filter.tensor).f32s().unwrap();
                values(&before).iter().zip(values(&after)).map(|(a, b)| f64::from(a - b).powi(2)).sum()
            };
            clusterable(&before).iter().map(sum).sum::<f64>()
        };
        let distances = [2, 4, 8, 16, 32, 64].map(distance);
        assert!(distances.is_sorted_by(|a, b| a > b), "{distances:?}");
        assert!(distances[3] < 0.02 * distances[0]);
    }

    #[test]
    fn clusters_hold_while_weights_move_and_scales_follow() {
        let graph = clustered(&network(), &Config { clusters: 8, ..Config::default() });
        let mut moved = graph.clone();
        let mut noise = Noise(8);
        for (tensor, constraint) in held(&graph) {
            let values: Vec<f32> = graph
                .tensor(tensor)
                .f32s()
                .unwrap()
                .iter()
                .map(|value| value * (1.0 + 0.02 * noise.next()))
                .collect();
            let mut projected = values.clone();
            constraint.project(&mut projected);
            let mut again = projected.clone();
            constraint.project(&mut again);
            assert!(
                projected.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-5),
                "a projection stays where it is"
            );
            set(&mut moved, tensor, &projected);
        }
        assert_ne!(moved, graph);
        assert!(codebooks(&settled(&moved)).iter().all(|codebook| codebook.len() <= 8));
    }

    #[test]
    fn zeros_of_pruning_stay() {
        let config = weight_pruning::Config { sparsity: 0.6, ..Default::default() };
        let pruned = weight_pruning::apply(&network(), &config, &mut Context::new(&[])).unwrap();
        let graph = clustered(&pruned, &Config { clusters: 8, ..Config::default() });
        let zeros = |graph: &Graph| -> Vec<bool> {
            let values =
                filters(graph).into_iter().flat_map(|filter| graph.tensor(filter.tensor).f32s().unwrap());
            values.map(|value| value == 0.0).collect()
        };
        let (before, after) = (zeros(&pruned), zeros(&graph));
        assert!(before.iter().zip(&after).all(|(before, after)| !before || *after));
        assert!((weight_pruning::sparsity(&graph) - 0.6).abs() < 0.05);
    }

    #[test]
    fn numbers_of_clusters_that_make_no_sense_are_refused() {
        for clusters in [0, 1, 257] {
            let config = Config { clusters, ..Config::default() };
            let error = apply(&network(), &config, &mut Context::new(&[])).unwrap_err().to_string();
            assert!(error.contains(&format!("{clusters} clusters, expected 2 to 256")), "{error}");
        }
    }
}
