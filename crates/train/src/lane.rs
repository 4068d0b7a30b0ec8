//! A lane: a fixed share of every batch with all the memory that its forward and backward pass need.

use std::mem::take;
use std::ops::Range;

use crate::features::Feature;
use crate::loss::{Criterion, Label, Tally, Truth};
use crate::network::{Network, Step, Tap};
use crate::ops::batch_normalization::Sums;
use crate::ops::fake_quantize::{self, Steps};
use crate::ops::{Common, Layer, Seen, grown};
use crate::segments::Phase;
use crate::simd::add_to;

/// Fills the input and the target values of an example of a batch, by its place there, and returns its label.
pub(crate) type Fill<'a> = &'a (dyn Fn(usize, &mut [f32], &mut [f32]) -> Result<Label, String> + Sync);

/// What all lanes read while they work.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub(crate) network: &'a Network,
    pub(crate) criterion: &'a Criterion,
    pub(crate) params: &'a [f32],
    pub(crate) common: Common<'a>,
    /// Sum of the weights of the batch's examples.
    pub(crate) batch_weight: f32,
}

/// The extremes of no value.
pub(crate) const NOTHING: (f32, f32) = (f32::INFINITY, f32::NEG_INFINITY);

/// Buffers of one lane. They grow to what the largest batch needs and are then reused.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lane {
    /// Examples of the current batch.
    pub(crate) n: usize,
    pub(crate) labels: Vec<Label>,
    /// Values that the examples are held to.
    targets: Vec<f32>,
    /// The first example that could not be read, and why.
    pub(crate) error: Option<String>,
    /// Activations by tensor.
    values: Vec<Vec<f32>>,
    /// Gradients by buffer.
    gradients: Vec<Vec<f32>>,
    /// A part of a gradient on its way to the rest.
    part: Vec<f32>,
    scratch: Vec<f32>,
    /// Gradients of the trained parameters.
    pub(crate) dparams: Vec<f32>,
    /// Sums of the batch normalisations.
    pub(crate) sums: Vec<Sums>,
    /// Least and greatest value of this batch, by range of an activation that is quantised.
    pub(crate) extremes: Vec<(f32, f32)>,
    pub(crate) tally: Tally,
}

impl Lane {
    pub(crate) fn new(network: &Network) -> Self {
        Lane {
            values: vec![Vec::new(); network.elements.len()],
            gradients: vec![Vec::new(); network.n_gradients],
            sums: vec![Sums::default(); network.norm_channels.len()],
            extremes: vec![NOTHING; network.ranges.len()],
            ..Lane::default()
        }
    }

    /// Starts a batch with the examples `range` of it. What cannot be read counts as nought and leaves its error.
    pub(crate) fn start(&mut self, network: &Network, n_targets: usize, range: Range<usize>, fill: Fill<'_>) {
        self.n = range.len();
        self.tally = Tally::default();
        self.error = None;
        self.labels.clear();
        self.dparams.clear();
        self.dparams.resize(network.parameters.n_trained, 0.0);
        self.extremes.fill(NOTHING);
        let elements = network.elements[network.input];
        let inputs = grown(&mut self.values[network.input], self.n * elements);
        let targets = grown(&mut self.targets, self.n * n_targets);
        for (at, index) in range.enumerate() {
            let input = &mut inputs[at * elements..(at + 1) * elements];
            let target = &mut targets[at * n_targets..(at + 1) * n_targets];
            match fill(index, input, target) {
                Ok(label) => self.labels.push(label),
                Err(error) => {
                    input.fill(0.0);
                    target.fill(0.0);
                    self.labels.push(Label::default());
                    self.error.get_or_insert(error);
                }
            }
        }
    }

    /// The values of tensor `at` for the current examples.
    pub(crate) fn values(&self, network: &Network, at: usize) -> &[f32] {
        &self.values[at][..self.n * network.elements[at]]
    }

    fn operands<'a>(&'a self, network: &Network, step: &Step) -> Vec<&'a [f32]> {
        operands(&self.values, self.n, network, step)
    }

    /// Does one piece of work.
    pub(crate) fn run(&mut self, phase: Phase, shared: Shared<'_>) {
        let steps = &shared.network.steps;
        match phase {
            Phase::Forward(at) => self.forward(&steps[at], shared),
            Phase::Loss => self.loss(shared, true),
            Phase::Measure(at) => self.measure(&steps[at], shared),
            Phase::Sums(at) => self.sums(&steps[at], shared),
            Phase::Backward(at) => self.backward(&steps[at], shared),
        }
    }

    pub(crate) fn forward(&mut self, step: &Step, shared: Shared<'_>) {
        if self.n == 0 {
            return;
        }
        let mut y = take(&mut self.values[step.output]);
        let mut scratch = take(&mut self.scratch);
        let result = grown(&mut y, self.n * shared.network.elements[step.output]);
        let x = self.operands(shared.network, step);
        step.layer.forward(shared.params, &x, result, self.n, shared.common, &mut scratch);
        if let Layer::FakeQuantize(fake_quantize::Layer { steps: Steps::Slot(at), .. }) = step.layer {
            let (low, high) = fake_quantize::Layer::extremes(x[0]);
            let seen = self.extremes[at];
            self.extremes[at] = (seen.0.min(low), seen.1.max(high));
        }
        self.values[step.output] = y;
        self.scratch = scratch;
    }

    /// Tallies the examples and, on request, makes the gradient of the logits.
    pub(crate) fn loss(&mut self, shared: Shared<'_>, with_gradient: bool) {
        let network = shared.network;
        let mut buffer = take(&mut self.gradients[network.logits_gradient]);
        let len = if with_gradient { self.n * network.elements[network.logits] } else { 0 };
        let gradient = grown(&mut buffer, len);
        let (logits, inputs) = match self.n {
            0 => (&[][..], &[][..]),
            _ => (self.values(network, network.logits), self.values(network, network.input)),
        };
        let truth = Truth { inputs, labels: &self.labels, targets: &self.targets };
        self.tally = shared.criterion.tally(logits, truth, shared.batch_weight, gradient);
        self.gradients[network.logits_gradient] = buffer;
        let mut place = network.elements[network.logits];
        for tap in &network.features {
            self.feature(tap, place, shared, with_gradient);
            place += tap.n_told;
        }
    }

    /// Holds an activation to what the teacher tells of it, from `place` on among an example's target values.
    fn feature(&mut self, tap: &Tap, place: usize, shared: Shared<'_>, with_gradient: bool) {
        let Feature { tensor, kind, weight } = tap.feature;
        let n_targets = shared.criterion.n_targets();
        if self.n == 0 || n_targets == 0 {
            return;
        }
        let len = shared.network.elements[tensor.idx()];
        let gradient = tap.gradient.filter(|_| with_gradient);
        let mut buffer = gradient.map_or_else(Vec::new, |at| take(&mut self.gradients[at]));
        let gradients = grown(&mut buffer, if gradient.is_some() { self.n * len } else { 0 });
        let mut loss = 0.0;
        let examples = self.values(shared.network, tensor.idx()).chunks_exact(len.max(1)).zip(&self.labels);
        for (at, (activation, label)) in examples.enumerate() {
            let told = &self.targets[at * n_targets + place..at * n_targets + place + tap.n_told];
            let gradient = gradients.get_mut(at * len..(at + 1) * len).unwrap_or(&mut []);
            let scale = weight * shared.criterion.scale(label.class, shared.batch_weight);
            let own = f64::from(weight) * kind.loss(activation, told, scale, gradient);
            loss += f64::from(shared.criterion.weight(label.class)) * own;
        }
        self.tally.loss += loss;
        if let Some(at) = gradient {
            self.gradients[at] = buffer;
        }
    }

    fn measure(&mut self, step: &Step, shared: Shared<'_>) {
        let Layer::BatchNormalization(layer) = &step.layer else { return };
        let mut sums = take(&mut self.sums[layer.norm]);
        let x = if self.n == 0 { &[][..] } else { self.operands(shared.network, step)[0] };
        layer.measure(x, &mut sums);
        self.sums[layer.norm] = sums;
    }

    fn sums(&mut self, step: &Step, shared: Shared<'_>) {
        let (Layer::BatchNormalization(layer), Some(gradient)) = (&step.layer, step.gradient) else { return };
        let mut sums = take(&mut self.sums[layer.norm]);
        let mut dparams = take(&mut self.dparams);
        let (x, dy) = match self.n {
            0 => (&[][..], &[][..]),
            n => (
                self.operands(shared.network, step)[0],
                &self.gradients[gradient][..n * shared.network.elements[step.output]],
            ),
        };
        layer.sums(x, dy, shared.common.norms, &mut dparams, &mut sums);
        self.sums[layer.norm] = sums;
        self.dparams = dparams;
    }

    fn backward(&mut self, step: &Step, shared: Shared<'_>) {
        let Some(own) = step.gradient.filter(|_| self.n > 0) else { return };
        let network = shared.network;
        let mut gradient = take(&mut self.gradients[own]);
        let mut dparams = take(&mut self.dparams);
        let mut scratch = take(&mut self.scratch);
        let mut part = take(&mut self.part);
        let dy = &mut gradient[..self.n * network.elements[step.output]];
        step.layer.unclamp(self.values(network, step.output), dy);
        let x = operands(&self.values, self.n, network, step);
        let y = &self.values[step.output][..self.n * network.elements[step.output]];
        let seen = Seen { params: shared.params, x: &x, y, dy };
        step.layer.add_parameter_gradients(seen, &mut dparams, self.n, &mut scratch);
        for target in &step.targets {
            let mut whole = take(&mut self.gradients[target.buffer]);
            let len = self.n * network.elements[target.tensor];
            let dx = if target.adds { grown(&mut part, len) } else { grown(&mut whole, len) };
            step.layer.input_gradient(seen, target.operand, dx, self.n, shared.common, &mut scratch);
            if target.adds {
                add_to(&mut whole[..len], &part[..len]);
            }
            self.gradients[target.buffer] = whole;
        }
        (self.gradients[own], self.dparams) = (gradient, dparams);
        (self.scratch, self.part) = (scratch, part);
    }
}

/// The operands of a step for `n` examples.
fn operands<'a>(values: &'a [Vec<f32>], n: usize, network: &Network, step: &Step) -> Vec<&'a [f32]> {
    let operand = |input: &Option<usize>| input.map_or(&[][..], |at| &values[at][..n * network.elements[at]]);
    step.inputs.iter().map(operand).collect()
}
