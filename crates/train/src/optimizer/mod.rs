//! How parameters follow their gradients: one file for each optimiser, over flat arrays.

mod adam;
mod rms_prop;
mod sgd;

use rayon::prelude::*;

use crate::config::{Config, Optimizer};
use crate::simd::{ChannelLoop, load, map, over_channels, store};

/// Elements that are updated as one piece of parallel work.
const CHUNK: usize = 16 * 1024;

/// What an optimiser remembers of each trained value; what it does not need stays 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Moments {
    /// Decayed mean of the gradient, or the velocity.
    pub(crate) first: Vec<f32>,
    /// Decayed mean of the gradient's square.
    pub(crate) second: Vec<f32>,
}

impl Moments {
    pub(crate) fn zeros(n: usize) -> Self {
        Moments { first: vec![0.0; n], second: vec![0.0; n] }
    }
}

/// The memory of a block of elements.
struct Block<const N: usize> {
    first: [f32; N],
    second: [f32; N],
}

/// One optimiser with all that is the same for a step. `step` changes the memory and returns what is taken off the
/// parameters; it must be `#[inline(always)]`.
trait Rule: Copy + Send + Sync {
    fn step<const N: usize>(&self, gradient: [f32; N], at: &mut Block<N>) -> [f32; N];
}

/// Sums the lanes' gradients in the order of the lanes and moves the parameters against them: step `step`, counted from
/// 1. The first `n_decayed` parameters are subject to weight decay.
pub(crate) fn update(
    config: &Config,
    (learning_rate, step): (f32, u64),
    n_decayed: usize,
    params: &mut [f32],
    moments: &mut Moments,
    lanes: &[&[f32]],
) {
    let (rate, decay) = (learning_rate, config.weight_decay);
    let is_decoupled = config.optimizer == Optimizer::AdamW;
    let common = Common {
        n_decayed,
        keep: if is_decoupled { 1.0 - rate * decay } else { 1.0 },
        decay: if is_decoupled { 0.0 } else { decay },
        clip: clip(config.clip_norm, lanes),
    };
    match config.optimizer {
        Optimizer::AdamW | Optimizer::Adam => {
            common.apply(adam::Adam::new(config, rate, step), params, moments, lanes);
        }
        Optimizer::Sgd { momentum, nesterov } => {
            common.apply(sgd::Sgd { rate, momentum, nesterov }, params, moments, lanes);
        }
        Optimizer::RmsProp { decay, momentum } => {
            let rule = rms_prop::RmsProp { rate, decay, momentum, epsilon: config.epsilon };
            common.apply(rule, params, moments, lanes);
        }
    }
}

/// What gradients are multiplied by so that their norm is at most `norm` (Pascanu et al., *On the difficulty of training
/// recurrent neural networks*, 2013). Squares are summed in fixed chunks.
fn clip(norm: Option<f32>, lanes: &[&[f32]]) -> f32 {
    let Some(norm) = norm else { return 1.0 };
    let n = lanes.first().map_or(0, |lane| lane.len());
    let squares = |chunk: usize| {
        let range = chunk * CHUNK..((chunk + 1) * CHUNK).min(n);
        let sum = |at: usize| lanes.iter().map(|lane| f64::from(lane[at])).sum::<f64>();
        range.map(|at| sum(at).powi(2)).sum::<f64>()
    };
    let chunks: Vec<f64> = (0..n.div_ceil(CHUNK)).into_par_iter().map(squares).collect();
    let found = chunks.iter().sum::<f64>().sqrt();
    if found > f64::from(norm) { (f64::from(norm) / found) as f32 } else { 1.0 }
}

/// What every optimiser does before and after its own step.
#[derive(Debug, Clone, Copy)]
struct Common {
    n_decayed: usize,
    /// What decoupled decay leaves of a weight.
    keep: f32,
    /// What decay adds of a weight to its gradient.
    decay: f32,
    /// Factor of the gradient.
    clip: f32,
}

impl Common {
    fn apply<R: Rule>(self, rule: R, params: &mut [f32], moments: &mut Moments, lanes: &[&[f32]]) {
        let moments = moments.first.par_chunks_mut(CHUNK).zip(moments.second.par_chunks_mut(CHUNK));
        params.par_chunks_mut(CHUNK).zip(moments).enumerate().for_each(
            |(chunk, (params, (first, second)))| {
                let start = chunk * CHUNK;
                let work = Move { common: self, rule, start, params, first, second, lanes };
                over_channels(work.params.len(), work);
            },
        );
    }
}

/// The update of the elements from `start` on.
struct Move<'a, R> {
    common: Common,
    rule: R,
    start: usize,
    params: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    lanes: &'a [&'a [f32]],
}

impl<R: Rule> ChannelLoop for Move<'_, R> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, at: usize) {
        let Common { n_decayed, keep, decay, clip } = self.common;
        let mut gradient = [0.0; N];
        for lane in self.lanes {
            let part = load::<N>(lane, self.start + at);
            gradient = map(|i| gradient[i] + part[i]);
        }
        let is_decayed = |i: usize| self.start + at + i < n_decayed;
        let param = load::<N>(self.params, at);
        let gradient = map::<N>(|i| gradient[i] * clip + if is_decayed(i) { decay * param[i] } else { 0.0 });
        let keep: [f32; N] = map(|i| if is_decayed(i) { keep } else { 1.0 });
        let mut block = Block { first: load(self.first, at), second: load(self.second, at) };
        let change = self.rule.step(gradient, &mut block);
        store(self.params, at, map::<N>(|i| param[i] * keep[i] - change[i]));
        store(self.first, at, block.first);
        store(self.second, at, block.second);
    }
}

#[cfg(test)]
mod tests;
