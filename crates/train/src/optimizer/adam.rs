//! Adam (Kingma and Ba, 2015), with decay as part of the gradient, and AdamW with decay of its own (Loshchilov and
//! Hutter, *Decoupled Weight Decay Regularization*, 2019).

use super::{Block, Rule};
use crate::config::Config;
use crate::simd::map;

/// What is the same for all elements of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Adam {
    rate: f32,
    beta1: f32,
    beta2: f32,
    /// `1 / (1 - beta2^t)`
    second_correction: f32,
    epsilon: f32,
}

impl Adam {
    /// Step `step`, counted from 1.
    pub(super) fn new(config: &Config, learning_rate: f32, step: u64) -> Self {
        let power = |beta: f32| f64::from(beta).powf(step as f64);
        let first_correction = 1.0 / (1.0 - power(config.beta1));
        Adam {
            rate: (f64::from(learning_rate) * first_correction) as f32,
            beta1: config.beta1,
            beta2: config.beta2,
            second_correction: (1.0 / (1.0 - power(config.beta2))) as f32,
            epsilon: config.epsilon,
        }
    }
}

impl Rule for Adam {
    #[inline(always)]
    fn step<const N: usize>(&self, gradient: [f32; N], at: &mut Block<N>) -> [f32; N] {
        let Adam { rate, beta1, beta2, second_correction, epsilon } = *self;
        let first = map::<N>(|i| beta1 * at.first[i] + (1.0 - beta1) * gradient[i]);
        let second = map::<N>(|i| beta2 * at.second[i] + (1.0 - beta2) * gradient[i] * gradient[i]);
        (at.first, at.second) = (first, second);
        map::<N>(|i| rate * first[i] / ((second[i] * second_correction).sqrt() + epsilon))
    }
}
