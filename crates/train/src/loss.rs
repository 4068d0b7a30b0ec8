//! Softmax cross-entropy and mean squared error with their gradients.

use crate::config::{Config, Loss};
use crate::network::Network;

/// A loss over the rows of a batch.
#[derive(Debug, Clone)]
pub(crate) struct Criterion {
    loss: Loss,
    smoothing: f32,
    class_weights: Vec<f32>,
    /// Factor of the logits in the softmax.
    beta: f32,
    n_outputs: usize,
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
            beta: network.head.as_ref().map_or(1.0, |head| head.beta()),
            n_outputs: network.elements[network.logits],
        }
    }

    /// Number of classes, where there are any.
    pub(crate) fn n_classes(&self) -> Option<usize> {
        (self.loss == Loss::CrossEntropy).then_some(self.n_outputs)
    }

    /// The weight of an example in the mean.
    pub(crate) fn weight(&self, label: u32) -> f32 {
        match self.loss {
            Loss::CrossEntropy => self.class_weights.get(label as usize).copied().unwrap_or(1.0),
            Loss::Reconstruction => 1.0,
        }
    }

    /// Tallies the examples of a lane. Where `gradient` is not empty, fills it with the gradient of the loss of a batch
    /// whose weights sum to `batch_weight`.
    pub(crate) fn tally(
        &self,
        logits: &[f32],
        inputs: &[f32],
        labels: &[u32],
        batch_weight: f32,
        gradient: &mut [f32],
    ) -> Tally {
        let mut sum = Tally { n: labels.len(), ..Tally::default() };
        let rows = logits.chunks_exact(self.n_outputs).zip(labels).enumerate();
        for (at, (row, &label)) in rows {
            let gradient =
                gradient.get_mut(at * self.n_outputs..(at + 1) * self.n_outputs).unwrap_or(&mut []);
            let weight = self.weight(label);
            // A batch of examples without weight has no gradient.
            let scale = if batch_weight > 0.0 { weight / batch_weight } else { 0.0 };
            sum.weight += f64::from(weight);
            sum.loss += f64::from(weight)
                * match self.loss {
                    Loss::CrossEntropy => {
                        sum.n_right += usize::from(argmax(row) == label as usize);
                        self.cross_entropy(row, label as usize, scale, gradient)
                    }
                    Loss::Reconstruction => {
                        let input = &inputs[at * self.n_outputs..][..self.n_outputs];
                        squared_error(row, input, scale, gradient)
                    }
                };
        }
        sum
    }

    /// `-sum of target * log(softmax(beta * row))`; the gradient is `scale * beta * (softmax - target)`.
    fn cross_entropy(&self, row: &[f32], label: usize, scale: f32, gradient: &mut [f32]) -> f64 {
        let beta = self.beta;
        let peak = row.iter().fold(f32::NEG_INFINITY, |peak, &v| peak.max(beta * v));
        let sum: f32 = row.iter().map(|v| (beta * v - peak).exp()).sum();
        let log_sum = sum.ln();
        let even = self.smoothing / self.n_outputs as f32;
        let target = |at: usize| if at == label { 1.0 - self.smoothing + even } else { even };
        let mut loss = 0.0;
        for (at, v) in row.iter().enumerate() {
            let log_p = beta * v - peak - log_sum;
            if target(at) != 0.0 {
                loss -= f64::from(target(at) * log_p);
            }
            if let Some(gradient) = gradient.get_mut(at) {
                *gradient = scale * beta * (log_p.exp() - target(at));
            }
        }
        // A NaN among the other classes' logits must show.
        if sum.is_nan() { f64::NAN } else { loss }
    }
}

/// Mean of `(output - input)^2`; the gradient is that of the mean times `scale`.
fn squared_error(output: &[f32], input: &[f32], scale: f32, gradient: &mut [f32]) -> f64 {
    let n = output.len().max(1) as f32;
    for ((gradient, output), input) in gradient.iter_mut().zip(output).zip(input) {
        *gradient = scale * 2.0 * (output - input) / n;
    }
    let squares = output.iter().zip(input).map(|(output, input)| f64::from(output - input).powi(2));
    squares.sum::<f64>() / f64::from(n)
}

#[cfg(test)]
mod tests;
