//! The work of a training step, cut where the lanes must wait for one another.

use crate::network::Network;
use crate::ops::Layer;

/// A piece of work that a lane does on its own examples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Phase {
    /// The result of a step.
    Forward(usize),
    /// The loss and its gradient.
    Loss,
    /// A batch normalisation's part of the batch statistics.
    Measure(usize),
    /// A batch normalisation's part of the gradient's sums.
    Sums(usize),
    /// Gradients of a step's parameters and inputs.
    Backward(usize),
}

/// What joins the lanes after a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Join {
    /// The batch statistics of a batch normalisation.
    Measures(usize),
    /// The sums of its gradient.
    Sums(usize),
    /// Nothing more to do.
    End,
}

/// Phases that need nothing from other lanes, in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    pub(crate) phases: Vec<Phase>,
    pub(crate) join: Join,
}

/// The segments of a training step.
pub(crate) fn training(network: &Network) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut phases = Vec::new();
    for (at, step) in network.steps.iter().enumerate() {
        if matches!(step.layer, Layer::BatchNormalization(_)) {
            phases.push(Phase::Measure(at));
            segments.push(Segment { phases: std::mem::take(&mut phases), join: Join::Measures(at) });
        }
        phases.push(Phase::Forward(at));
    }
    phases.push(Phase::Loss);
    let trained = network.steps.iter().enumerate().rev().filter(|(_, step)| step.gradient.is_some());
    for (at, step) in trained {
        if matches!(step.layer, Layer::BatchNormalization(_)) {
            phases.push(Phase::Sums(at));
            segments.push(Segment { phases: std::mem::take(&mut phases), join: Join::Sums(at) });
        }
        phases.push(Phase::Backward(at));
    }
    segments.push(Segment { phases, join: Join::End });
    segments
}
