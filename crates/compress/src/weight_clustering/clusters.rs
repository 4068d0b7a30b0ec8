//! Which weights of a filter are one value, and how they stay so while they move.

use smidgen_train::Constraint;

use super::k_means::nearest;
use crate::filters::Filter;

/// Greatest step of an int8 weight.
pub(super) const END: f64 = 127.0;

/// Weights that share values: those of a whole layer, or those of each of its channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sharing {
    Layer(Clusters),
    Channels(Vec<Clusters>),
}

impl Sharing {
    /// Gives the weights of each cluster their value, as `finish` has it in steps of int8.
    pub(super) fn share(&self, values: &mut [f32], finish: impl Fn(f64) -> f64 + Copy) {
        match self {
            Sharing::Layer(clusters) => clusters.share(values, finish),
            Sharing::Channels(channels) => {
                let rows = values.chunks_mut((values.len() / channels.len().max(1)).max(1));
                rows.zip(channels).for_each(|(row, clusters)| clusters.share(row, finish));
            }
        }
    }
}

impl Constraint for Sharing {
    fn project(&self, values: &mut [f32]) {
        self.share(values, |centroid| centroid);
    }
}

/// Which centroid each weight of a filter has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clusters {
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

    pub(super) fn share(&self, values: &mut [f32], finish: impl Fn(f64) -> f64) {
        let scales = self.scales(values);
        let centroids: Vec<f64> = self.centroids(values, &scales).into_iter().map(finish).collect();
        for (at, value) in values.iter_mut().enumerate() {
            *value = (scales[self.filter.scale_of(at)] * centroids[usize::from(self.of[at])]) as f32;
        }
    }
}

/// The weights in steps of int8, as quantisation will have them before it rounds.
pub(super) fn steps(values: &[f32], filter: &Filter) -> Vec<f64> {
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
pub(super) const SAME: f64 = 1e-3;

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

pub(super) fn with_fixed(filter: &Filter, of: Vec<u8>, centroids: &[f64], keeps_zeros: bool) -> Clusters {
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

/// The clusters that weights are in already: of the layer, or where it has more than 256 values those of each channel; `None` where
/// one of them has more.
pub(super) fn found(values: &[f32], filter: &Filter) -> Option<Sharing> {
    let of_channels = || {
        let rows = rows(filter)?;
        let found: Option<Vec<Clusters>> =
            values.chunks(filter.row.max(1)).map(|values| of_layer(values, &rows)).collect();
        found.map(Sharing::Channels)
    };
    let one_scale = Filter { per_channel: false, ..*filter };
    let filter = if is_of_one_scale(values, filter) { &one_scale } else { filter };
    of_layer(values, filter).map(Sharing::Layer).or_else(of_channels)
}

/// Whether weights have fewer values as they are than over the scales of their channels.
pub(super) fn is_of_one_scale(values: &[f32], filter: &Filter) -> bool {
    let n = |per_channel: bool| distinct(&steps(values, &Filter { per_channel, ..*filter })).len();
    let n_now = n(false);
    n_now <= 256 && n_now < n(true)
}

/// The filter of a single channel, if the channels of `filter` lie one after the other and have a scale each.
pub(super) fn rows(filter: &Filter) -> Option<Filter> {
    let are_apart = filter.per_channel && !filter.are_channels_last;
    are_apart.then_some(Filter { n_channels: 1, ..*filter })
}

fn of_layer(values: &[f32], filter: &Filter) -> Option<Clusters> {
    let steps = steps(values, filter);
    let centroids = distinct(&steps);
    if centroids.len() > 256 {
        return None;
    }
    let of = steps.iter().map(|step| nearest(&centroids, *step) as u8).collect();
    Some(with_fixed(filter, of, &centroids, true))
}
