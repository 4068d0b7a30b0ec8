//! Stochastic gradient descent with momentum (Polyak, 1964) or Nesterov's (Sutskever et al., *On the importance of
//! initialization and momentum in deep learning*, 2013), in the form that PyTorch's `SGD` has.

use super::{Block, Rule};
use crate::simd::map;

/// What is the same for all elements of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sgd {
    pub(super) rate: f32,
    pub(super) momentum: f32,
    pub(super) nesterov: bool,
}

impl Rule for Sgd {
    #[inline(always)]
    fn step<const N: usize>(&self, gradient: [f32; N], at: &mut Block<N>) -> [f32; N] {
        let Sgd { rate, momentum, nesterov } = *self;
        let velocity = map::<N>(|i| momentum * at.first[i] + gradient[i]);
        at.first = velocity;
        map::<N>(|i| rate * if nesterov { gradient[i] + momentum * velocity[i] } else { velocity[i] })
    }
}
