//! Losses with their gradients, one family a file.

mod classes;
mod detection;
mod values;

use crate::config::{Config, Loss};
use crate::network::{Head, Network};

/// A loss over the rows of a batch.
#[derive(Debug, Clone)]
pub(crate) struct Criterion {
    loss: Loss,
    smoothing: f32,
    class_weights: Vec<f32>,
    /// Factor of the logits in the softmax.
    beta: f32,
    n_outputs: usize,
    /// Values behind those of the outputs that activations are held to.
    n_features: usize,
    /// Outputs of a row, where the outputs of an example are rows of boxes or cells.
    depth: usize,
}

/// Loss and hits of some examples, not yet divided by their number.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Tally {
    /// Weighted sum of the losses.
    pub(crate) loss: f64,
    /// Sum of the weights.
    pub(crate) weight: f64,
    pub(crate) n_right: usize,
    pub(crate) n: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Tally) {
        self.loss += other.loss;
        self.weight += other.weight;
        self.n_right += other.n_right;
        self.n += other.n;
    }

    /// Mean loss.
    pub(crate) fn mean_loss(&self) -> f64 {
        if self.weight > 0.0 { self.loss / self.weight } else { 0.0 }
    }

    /// Share of the examples whose largest output is that of their class.
    pub(crate) fn accuracy(&self) -> f64 {
        self.n_right as f64 / self.n.max(1) as f64
    }
}

/// Index of the largest value, the first of several.
fn argmax(row: &[f32]) -> usize {
    row.iter().enumerate().fold(0, |best, (at, value)| if *value > row[best] { at } else { best })
}

impl Criterion {
    pub(crate) fn new(config: &Config, network: &Network) -> Self {
        Criterion {
            loss: config.loss,
            smoothing: config.label_smoothing,
            class_weights: config.class_weights.clone(),
            beta: network.head.as_ref().map_or(1.0, Head::beta),
            n_outputs: network.elements[network.logits],
            n_features: network.features.iter().map(|tap| tap.n_told).sum(),
            depth: network.depth,
        }
    }

    /// The same outputs, held to nothing: only what the network makes is wanted.
    pub(crate) fn without_targets(&self) -> Self {
        Criterion { loss: Loss::CrossEntropy, ..self.clone() }
    }

    /// Number of classes, where there are any.
    pub(crate) fn n_classes(&self) -> Option<usize> {
        self.loss.has_classes().then_some(self.n_outputs)
    }

    /// Values that each example is held to, 0 where the loss takes a class or the input.
    pub(crate) fn n_targets(&self) -> usize {
        if self.loss.has_targets() { self.n_outputs + self.n_features } else { 0 }
    }

    /// The weight of an example in the mean.
    pub(crate) fn weight(&self, label: u32) -> f32 {
        let weight = self.class_weights.get(label as usize).filter(|_| self.loss.has_classes());
        weight.copied().unwrap_or(1.0)
    }

    /// What the gradient of an example counts in a batch whose weights sum to `batch_weight`; a batch of examples without weight has
    /// none.
    pub(crate) fn scale(&self, label: u32, batch_weight: f32) -> f32 {
        if batch_weight > 0.0 { self.weight(label) / batch_weight } else { 0.0 }
    }

    /// Tallies the examples of a lane. Where `gradient` is not empty, fills it with the gradient of the loss of a batch
    /// whose weights sum to `batch_weight`.
    pub(crate) fn tally(
        &self,
        logits: &[f32],
        truth: Truth<'_>,
        batch_weight: f32,
        gradient: &mut [f32],
    ) -> Tally {
        let mut sum = Tally { n: truth.labels.len(), ..Tally::default() };
        let rows = logits.chunks_exact(self.n_outputs).zip(truth.labels).enumerate();
        for (at, (row, &label)) in rows {
            let range = at * self.n_outputs..(at + 1) * self.n_outputs;
            let gradient = gradient.get_mut(range).unwrap_or(&mut []);
            let weight = self.weight(label.class);
            let scale = self.scale(label.class, batch_weight);
            sum.weight += f64::from(weight);
            sum.n_right += usize::from(self.loss.has_classes() && argmax(row) == label.class as usize);
            let (values, stride) = if self.loss.has_targets() {
                (truth.targets, self.n_targets())
            } else {
                (truth.inputs, self.n_outputs)
            };
            let target = values.get(at * stride..at * stride + self.n_outputs).unwrap_or(&[]);
            sum.loss += f64::from(weight) * self.of_example(row, label, target, scale, gradient);
        }
        sum
    }

    fn of_example(&self, row: &[f32], label: Label, target: &[f32], scale: f32, gradient: &mut [f32]) -> f64 {
        let mean = |pair, with, gradient| values::mean(pair, with, row, target, scale, gradient);
        match self.loss {
            Loss::CrossEntropy => {
                classes::cross_entropy(row, label, (self.beta, self.smoothing), scale, gradient)
            }
            Loss::Focal { gamma } => {
                classes::focal(row, label.class as usize, (self.beta, gamma), scale, gradient)
            }
            Loss::Distillation { temperature, share } => {
                let student = (self.beta, self.smoothing);
                classes::distillation(row, label, target, student, (temperature, share), scale, gradient)
            }
            Loss::Reconstruction | Loss::MeanSquaredError => mean(values::squared, 0.0, gradient),
            Loss::MeanAbsoluteError => mean(values::absolute, 0.0, gradient),
            Loss::Huber { delta } => mean(values::huber, delta, gradient),
            Loss::BinaryCrossEntropy => mean(values::binary, 0.0, gradient),
            Loss::Detection => detection::boxes(row, target, self.depth, scale, gradient),
            Loss::Centroids { object_weight } => {
                detection::cells(row, target, self.depth, (self.beta, object_weight), scale, gradient)
            }
        }
    }
}

/// The class of an example, and where examples are mixed another one with its share.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Label {
    pub(crate) class: u32,
    pub(crate) second: Option<(u32, f32)>,
}

impl Label {
    /// The share of a class, without smoothing.
    fn share(self, class: usize) -> f32 {
        let second = self.second.map_or(0.0, |(_, share)| share);
        let first = if class == self.class as usize { 1.0 - second } else { 0.0 };
        first + self.second.filter(|&(other, _)| class == other as usize).map_or(0.0, |(_, share)| share)
    }
}

/// What the examples of a lane are held to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Truth<'a> {
    pub(crate) inputs: &'a [f32],
    pub(crate) labels: &'a [Label],
    pub(crate) targets: &'a [f32],
}

#[cfg(test)]
mod tests;
