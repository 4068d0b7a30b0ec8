//! RMSprop (Tieleman and Hinton, *Neural Networks for Machine Learning*, lecture 6.5, 2012), with momentum as PyTorch's
//! `RMSprop` has it.

use super::{Block, Rule};
use crate::simd::map;

/// What is the same for all elements of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct RmsProp {
    pub(super) rate: f32,
    pub(super) decay: f32,
    pub(super) momentum: f32,
    pub(super) epsilon: f32,
}

impl Rule for RmsProp {
    #[inline(always)]
    fn step<const N: usize>(&self, gradient: [f32; N], at: &mut Block<N>) -> [f32; N] {
        let RmsProp { rate, decay, momentum, epsilon } = *self;
        let second = map::<N>(|i| decay * at.second[i] + (1.0 - decay) * gradient[i] * gradient[i]);
        let velocity = map::<N>(|i| momentum * at.first[i] + gradient[i] / (second[i].sqrt() + epsilon));
        (at.first, at.second) = (velocity, second);
        map::<N>(|i| rate * velocity[i])
    }
}
