//! Adam (Kingma and Ba, 2015) with decoupled weight decay (Loshchilov and Hutter, 2019), over flat arrays.

use rayon::prelude::*;

use crate::config::Config;
use crate::simd::{ChannelLoop, load, map, over_channels, store};

/// Elements that are updated as one piece of parallel work.
const CHUNK: usize = 16 * 1024;

/// The trained values with their first and second moments.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Moments {
    /// Decayed mean of the gradient.
    pub(crate) first: Vec<f32>,
    /// Decayed mean of the gradient's square.
    pub(crate) second: Vec<f32>,
}

/// What is the same for all elements of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Update {
    rate: f32,
    beta1: f32,
    beta2: f32,
    /// `1 / (1 - beta2^t)`
    second_correction: f32,
    epsilon: f32,
    /// What weight decay leaves of a weight.
    keep: f32,
    n_decayed: usize,
}

impl Update {
    /// The update of step `step`, counted from 1.
    pub(crate) fn new(config: &Config, learning_rate: f32, step: u64, n_decayed: usize) -> Self {
        let power = |beta: f32| f64::from(beta).powf(step as f64);
        let first_correction = 1.0 / (1.0 - power(config.beta1));
        Update {
            rate: (f64::from(learning_rate) * first_correction) as f32,
            beta1: config.beta1,
            beta2: config.beta2,
            second_correction: (1.0 / (1.0 - power(config.beta2))) as f32,
            epsilon: config.epsilon,
            keep: 1.0 - learning_rate * config.weight_decay,
            n_decayed,
        }
    }

    /// Sums the lanes' gradients in the order of the lanes and moves the parameters against them.
    pub(crate) fn apply(&self, params: &mut [f32], moments: &mut Moments, lanes: &[&[f32]]) {
        let moments = moments.first.par_chunks_mut(CHUNK).zip(moments.second.par_chunks_mut(CHUNK));
        params.par_chunks_mut(CHUNK).zip(moments).enumerate().for_each(
            |(chunk, (params, (first, second)))| {
                let start = chunk * CHUNK;
                let work = Move { update: *self, start, params, first, second, lanes };
                over_channels(work.params.len(), work);
            },
        );
    }
}

/// The update of the elements from `start` on.
struct Move<'a> {
    update: Update,
    start: usize,
    params: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    lanes: &'a [&'a [f32]],
}

impl ChannelLoop for Move<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, at: usize) {
        let Update { rate, beta1, beta2, second_correction, epsilon, keep, n_decayed } = self.update;
        let mut gradient = [0.0; N];
        for lane in self.lanes {
            let part = load::<N>(lane, self.start + at);
            gradient = map(|i| gradient[i] + part[i]);
        }
        let keep: [f32; N] = map(|i| if self.start + at + i < n_decayed { keep } else { 1.0 });
        let (param, first, second) =
            (load::<N>(self.params, at), load::<N>(self.first, at), load::<N>(self.second, at));
        let first = map::<N>(|i| beta1 * first[i] + (1.0 - beta1) * gradient[i]);
        let second = map::<N>(|i| beta2 * second[i] + (1.0 - beta2) * gradient[i] * gradient[i]);
        let change = map::<N>(|i| rate * first[i] / ((second[i] * second_correction).sqrt() + epsilon));
        store(self.params, at, map::<N>(|i| param[i] * keep[i] - change[i]));
        store(self.first, at, first);
        store(self.second, at, second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_are_those_of_the_paper() {
        let config = Config { weight_decay: 0.5, ..Config::default() };
        let mut params = vec![1.0, 1.0, -2.0];
        let mut moments = Moments { first: vec![0.0; 3], second: vec![0.0; 3] };
        let lanes: [&[f32]; 2] = [&[0.25, 0.0, -1.0], &[0.25, 0.0, -3.0]];
        Update::new(&config, 0.1, 1, 1).apply(&mut params, &mut moments, &lanes);
        // The first step is the learning rate against the gradient's sign; the first element also decays by 5 %.
        for (found, expected) in params.iter().zip([0.95 - 0.1, 1.0, -2.0 + 0.1]) {
            assert!((found - expected).abs() < 1e-6, "{params:?}");
        }
        Update::new(&config, 0.1, 2, 0).apply(&mut params, &mut moments, &[&[0.5, 0.0, 4.0]]);
        // Third element, in real numbers: m = 0.9 * -0.4 + 0.1 * 4 = 0.04, v = 0.999 * 0.016 + 0.001 * 16 = 0.031984.
        let expected = -1.9 - 0.1 * (0.04 / 0.19) / (0.031984f64 / 0.001999).sqrt();
        assert!((f64::from(params[2]) - expected).abs() < 1e-6, "{params:?}, {expected}");
        assert_eq!(params[1], 1.0);
    }
}
