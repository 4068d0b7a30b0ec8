//! The lanes of a run and the order in which their work is joined, which is what makes results independent of threads.

use std::ops::Range;

use rayon::prelude::*;

use crate::fake_quantization::Arithmetic;
use crate::lane::{Fill, Lane, NOTHING, Shared};
use crate::loss::{Criterion, Tally};
use crate::network::Network;
use crate::ops::batch_normalization::Statistics;
use crate::ops::{Common, Layer};
use crate::segments::{Join, Segment};

/// Shares that a batch is cut into, whatever the number of threads.
pub(crate) const LANES: usize = 8;

/// Examples of lane `lane` in a batch of `n`.
pub(crate) fn share(n: usize, lane: usize) -> Range<usize> {
    n * lane / LANES..n * (lane + 1) / LANES
}

/// Lanes and what they share.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    lanes: Vec<Lane>,
    norms: Vec<Statistics>,
}

/// What a batch is computed with.
#[derive(Clone, Copy)]
pub(crate) struct Model<'a> {
    pub(crate) network: &'a Network,
    pub(crate) criterion: &'a Criterion,
    pub(crate) params: &'a [f32],
    pub(crate) arithmetic: &'a Arithmetic,
}

impl Workspace {
    pub(crate) fn new(network: &Network) -> Self {
        Workspace {
            lanes: vec![Lane::new(network); LANES],
            norms: network.norm_channels.iter().map(|&channels| Statistics::new(channels)).collect(),
        }
    }

    /// Forward and backward pass over a batch of `n` examples whose weights sum to `batch_weight`; moves the moving
    /// statistics. The gradients are then in [`Workspace::gradients`].
    pub(crate) fn train(
        &mut self,
        model: Model<'_>,
        segments: &[Segment],
        (n, batch_weight): (usize, f32),
        fill: Fill<'_>,
        (moving, momentum): (&mut [f32], f32),
    ) -> Result<Tally, String> {
        // One way into the thread pool for all segments.
        rayon::scope(|_| self.run_segments(model, segments, (n, batch_weight), fill, (moving, momentum)));
        self.move_ranges(model.network, moving);
        self.tally()
    }

    fn run_segments(
        &mut self,
        model: Model<'_>,
        segments: &[Segment],
        (n, batch_weight): (usize, f32),
        fill: Fill<'_>,
        (moving, momentum): (&mut [f32], f32),
    ) {
        let Model { network, criterion, params, arithmetic } = model;
        for (at, segment) in segments.iter().enumerate() {
            let common = Common { norms: &self.norms, arithmetic };
            let shared = Shared { network, criterion, params, common, batch_weight };
            self.lanes.par_iter_mut().with_max_len(1).enumerate().for_each(|(index, lane)| {
                if at == 0 {
                    lane.start(network, criterion.n_targets(), share(n, index), fill);
                }
                segment.phases.iter().for_each(|phase| lane.run(*phase, shared));
            });
            self.join(segment.join, model, moving, momentum);
        }
    }

    /// Forward pass with the moving statistics; `read` gets each lane's examples with the logits, lane by lane.
    pub(crate) fn evaluate(
        &mut self,
        model: Model<'_>,
        n: usize,
        fill: Fill<'_>,
        moving: &[f32],
        read: &mut dyn FnMut(&[f32]),
    ) -> Result<Tally, String> {
        let Model { network, criterion, params, arithmetic } = model;
        for step in &network.steps {
            if let Layer::BatchNormalization(layer) = &step.layer {
                layer.use_moving(params, moving, &mut self.norms[layer.norm]);
            }
        }
        let common = Common { norms: &self.norms, arithmetic };
        let shared = Shared { network, criterion, params, common, batch_weight: 0.0 };
        self.lanes.par_iter_mut().with_max_len(1).enumerate().for_each(|(index, lane)| {
            lane.start(network, criterion.n_targets(), share(n, index), fill);
            network.steps.iter().for_each(|step| lane.forward(step, shared));
            lane.loss(shared, false);
        });
        self.lanes
            .iter()
            .filter(|lane| lane.n > 0)
            .for_each(|lane| read(lane.values(network, network.logits)));
        self.tally()
    }

    fn tally(&mut self) -> Result<Tally, String> {
        if let Some(error) = self.lanes.iter_mut().find_map(|lane| lane.error.take()) {
            return Err(error);
        }
        let mut sum = Tally::default();
        self.lanes.iter().for_each(|lane| sum.add(lane.tally));
        Ok(sum)
    }

    fn join(&mut self, join: Join, model: Model<'_>, moving: &mut [f32], momentum: f32) {
        let (Join::Measures(step) | Join::Sums(step)) = join else { return };
        let Layer::BatchNormalization(layer) = &model.network.steps[step].layer else { return };
        let sums = self.lanes.iter().map(|lane| &lane.sums[layer.norm]);
        let statistics = &mut self.norms[layer.norm];
        match join {
            Join::Measures(_) => layer.join_measures(sums, model.params, moving, momentum, statistics),
            _ => layer.join_sums(sums, statistics),
        }
    }

    /// Lets the ranges of activations follow what the lanes have seen.
    fn move_ranges(&self, network: &Network, moving: &mut [f32]) {
        for (at, range) in network.ranges_mut(moving).enumerate() {
            let seen = self.lanes.iter().map(|lane| lane.extremes[at]);
            let (low, high) = seen.fold(NOTHING, |a, b| (a.0.min(b.0), a.1.max(b.1)));
            if low.is_finite() && high.is_finite() {
                range[0] += (1.0 - network.range_momentum) * (low - range[0]);
                range[1] += (1.0 - network.range_momentum) * (high - range[1]);
            }
        }
    }

    /// Lets weights on steps turn the gradients of each lane into their own.
    pub(crate) fn learn(&mut self, network: &Network, params: &[f32]) {
        self.lanes
            .par_iter_mut()
            .filter(|lane| lane.n > 0)
            .for_each(|lane| network.filters.learn(params, &mut lane.dparams));
    }

    /// Gradients of the trained parameters, one slice for each lane, in order.
    pub(crate) fn gradients(&self) -> Vec<&[f32]> {
        self.lanes.iter().filter(|lane| lane.n > 0).map(|lane| &lane.dparams[..]).collect()
    }
}
