//! The trainer: epochs over examples, evaluation, and the state that a checkpoint keeps.

mod shaping;

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smidgen_ir::Graph;

use crate::config::Config;
use crate::constraint::Constraint;
use crate::error::TrainError;
use crate::examples::{self, Source};
use crate::fake_quantization::Arithmetic;
use crate::loss::{Criterion, Label, Tally};
use crate::network::Network;
use crate::optimizer::{Moments, update};
use crate::random::{Purpose, permutation, stream};
use crate::schedule::learning_rate;
use crate::segments::{self, Segment};
use crate::workspace::{LANES, Model, Workspace};

/// Examples of one lane that are evaluated at a time.
const EVALUATED: usize = 8;

/// Mean loss and accuracy over some examples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Mean of the configured loss, with label smoothing and class weights.
    pub loss: f64,
    /// Share of the examples whose largest output is that of their class; 0 where the loss has no classes.
    pub accuracy: f64,
}

/// An epoch in the history.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochStats {
    /// Epoch, counted from 1.
    pub epoch: u64,
    /// Learning rate of its last batch.
    pub learning_rate: f32,
    /// On the training examples, while they were learnt (with augmentation and batch statistics).
    pub train: Stats,
    /// On the validation examples after it, where [`Trainer::record_validation`] was called.
    pub validation: Option<Stats>,
}

/// Where an epoch stands after a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchProgress {
    /// Epoch, counted from 1.
    pub epoch: u64,
    /// Batches done in it.
    pub batch: usize,
    /// Batches in it.
    pub n_batches: usize,
    /// Mean over the epoch so far.
    pub train: Stats,
}

/// The weights that did best in validation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Best {
    pub(crate) epoch: u64,
    pub(crate) stats: Stats,
    pub(crate) params: Vec<f32>,
    pub(crate) moving: Vec<f32>,
}

/// Everything that training changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    /// Optimiser steps done.
    pub(crate) step: u64,
    /// Epochs done.
    pub(crate) epoch: u64,
    pub(crate) params: Vec<f32>,
    pub(crate) moving: Vec<f32>,
    pub(crate) moments: Moments,
    /// Moving average of the parameters, then of the statistics of batch normalisation, which belong to them; empty where
    /// the configuration asks for none.
    pub(crate) average: Vec<f32>,
    pub(crate) best: Option<Best>,
    pub(crate) history: Vec<EpochStats>,
}

/// Trains a float32 [`Graph`]. Its batch dimension is 1; the trainer runs batches of any size.
///
/// The result is a function of graph, configuration and examples: it does not depend on the number of threads, nor on
/// where a run was interrupted and resumed. Matrix products use the machine's best vector unit, so machines of another
/// kind may differ in the last digits.
#[derive(Debug, Clone)]
pub struct Trainer {
    pub(crate) graph: Graph,
    pub(crate) config: Config,
    pub(crate) network: Network,
    pub(crate) state: State,
    criterion: Criterion,
    segments: Vec<Segment>,
    workspace: Workspace,
    /// Parameters that only have some values.
    constraints: Vec<(Range<usize>, Arc<dyn Constraint>)>,
    /// Of the int8 form, for the current step.
    arithmetic: Arithmetic,
}

impl Trainer {
    /// Prepares a graph, beginning with the weights that it holds (see [`crate::init`]).
    ///
    /// Errors: a configuration out of range; a graph with several inputs or outputs, with nothing to train, or with a
    /// node that cannot be trained.
    pub fn new(graph: Graph, config: Config) -> Result<Self, TrainError> {
        let network = Network::compile(&graph, &config)?;
        config.check(network.elements[network.logits])?;
        let (params, moving) = network.load(&graph, config.fake_quantization.as_ref());
        let moments = Moments::zeros(params.len());
        let average =
            if config.ema_decay.is_some() { [params.as_slice(), &moving].concat() } else { Vec::new() };
        Ok(Trainer {
            state: State {
                step: 0,
                epoch: 0,
                params,
                moving,
                moments,
                average,
                best: None,
                history: Vec::new(),
            },
            criterion: Criterion::new(&config, &network),
            segments: segments::training(&network),
            workspace: Workspace::new(&network),
            constraints: Vec::new(),
            arithmetic: Arithmetic::default(),
            graph,
            config,
            network,
        })
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Epochs done.
    pub fn epochs_done(&self) -> u64 {
        self.state.epoch
    }

    /// Number of trained elements.
    pub fn n_parameters(&self) -> usize {
        self.network.parameters.n_trained
    }

    /// One entry for each epoch done.
    pub fn history(&self) -> &[EpochStats] {
        &self.state.history
    }

    /// Whether all epochs are done, or as many without a better validation as the configuration has patience for.
    pub fn is_done(&self) -> bool {
        let State { epoch, best, .. } = &self.state;
        let waited = best.as_ref().map_or(0, |best| epoch.saturating_sub(best.epoch));
        *epoch >= self.config.epochs || self.config.patience.is_some_and(|patience| waited >= patience)
    }

    /// The graph with the current weights, or with their moving average where there is one.
    pub fn graph(&self) -> Graph {
        let (params, moving) = self.judged();
        self.with_weights(params, moving)
    }

    /// The parameters and statistics that are judged and exported.
    fn judged(&self) -> (&[f32], &[f32]) {
        let State { params, moving, average, .. } = &self.state;
        average.split_at_checked(params.len()).filter(|_| !average.is_empty()).unwrap_or((params, moving))
    }

    /// The epoch (counted from 1) that did best in validation, its figures, and the graph with its weights; `None`
    /// before [`Trainer::record_validation`] was called.
    pub fn best(&self) -> Option<(u64, Stats, Graph)> {
        let best = self.state.best.as_ref()?;
        Some((best.epoch, best.stats, self.with_weights(&best.params, &best.moving)))
    }

    fn with_weights(&self, params: &[f32], moving: &[f32]) -> Graph {
        let mut graph = self.graph.clone();
        self.network.parameters.store(params, moving, &mut graph);
        graph
    }

    fn check(&self, examples: &dyn Source, n_classes: Option<usize>) -> Result<(), TrainError> {
        let shape = self.graph.inputs.first().map_or(&[][..], |&input| &self.graph.tensor(input).shape);
        examples::check(examples, shape, n_classes)
    }

    /// Trains one epoch: every example once, in an order drawn from seed and epoch. `on_batch` is called after every
    /// batch; when it breaks, the epoch is discarded and the error is [`TrainError::Interrupted`].
    ///
    /// Errors leave the state as it was before the epoch.
    pub fn epoch(
        &mut self,
        examples: &dyn Source,
        on_batch: &mut dyn FnMut(BatchProgress) -> ControlFlow<()>,
    ) -> Result<EpochStats, TrainError> {
        self.check(examples, self.criterion.n_classes())?;
        let before = self.state.clone();
        let result = self.run_epoch(examples, on_batch);
        match &result {
            Ok(stats) => {
                self.state.epoch += 1;
                self.state.history.push(*stats);
            }
            Err(_) => self.state = before,
        }
        result
    }

    fn run_epoch(
        &mut self,
        examples: &dyn Source,
        on_batch: &mut dyn FnMut(BatchProgress) -> ControlFlow<()>,
    ) -> Result<EpochStats, TrainError> {
        let epoch = self.state.epoch;
        let order = permutation(&mut stream(self.config.seed, Purpose::Order, epoch), examples.len());
        let n_batches = order.len().div_ceil(self.config.batch);
        let mut sum = Tally::default();
        let mut rate = 0.0;
        for batch in 0..n_batches {
            let range = order.len() * batch / n_batches..order.len() * (batch + 1) / n_batches;
            rate = learning_rate(&self.config, &self.state.history, epoch, (batch, n_batches));
            let tally = self.step(examples, &order[range], rate)?;
            let is_last = batch + 1 == n_batches;
            if !tally.loss.is_finite() || (is_last && !self.state.params.iter().all(|v| v.is_finite())) {
                let (epoch, batch, loss) = (epoch + 1, batch + 1, tally.mean_loss());
                return Err(TrainError::Diverged { epoch, batch, loss, learning_rate: rate });
            }
            sum.add(tally);
            let train = Stats { loss: sum.mean_loss(), accuracy: sum.accuracy() };
            let progress = BatchProgress { epoch: epoch + 1, batch: batch + 1, n_batches, train };
            if on_batch(progress).is_break() {
                return Err(TrainError::Interrupted { epoch: epoch + 1 });
            }
        }
        let train = Stats { loss: sum.mean_loss(), accuracy: sum.accuracy() };
        Ok(EpochStats { epoch: epoch + 1, learning_rate: rate, train, validation: None })
    }

    /// Trains on one batch: the examples at `indices`.
    fn step(&mut self, examples: &dyn Source, indices: &[usize], rate: f32) -> Result<Tally, TrainError> {
        let epoch = self.state.epoch;
        let fill = |at: usize, input: &mut [f32], target: &mut [f32]| {
            let index = indices[at];
            fill(examples, index, Some(epoch), input, target)
        };
        let weight = indices.iter().map(|&index| self.criterion.weight(examples.class(index))).sum();
        let state = &mut self.state;
        self.arithmetic.set(&self.network.filters, &state.params, self.network.grids(&state.moving));
        let (params, arithmetic) = (self.arithmetic.params(&state.params), &self.arithmetic);
        let model = Model { network: &self.network, criterion: &self.criterion, params, arithmetic };
        let moving = (&mut state.moving[..], self.config.batch_norm_momentum);
        let tally = self.workspace.train(model, &self.segments, (indices.len(), weight), &fill, moving);
        let tally = tally.map_err(TrainError::Examples)?;
        self.workspace.learn(&self.network, &state.params);
        state.step += 1;
        let n_decayed = self.network.parameters.n_decayed;
        let (params, moments) = (&mut state.params, &mut state.moments);
        update(&self.config, (rate, state.step), n_decayed, params, moments, &self.workspace.gradients());
        if let Some(decay) = self.config.ema_decay {
            // The first steps count for more, so that the average does not linger at the beginning (TensorFlow's
            // `ExponentialMovingAverage` with `num_updates`).
            let decay = decay.min((1 + state.step) as f32 / (10 + state.step) as f32);
            let average = state.average.iter_mut().zip(state.params.iter().chain(&state.moving));
            average.for_each(|(average, param)| *average += (1.0 - decay) * (param - *average));
        }
        self.project();
        Ok(tally)
    }

    /// Loss and accuracy with the current weights and the moving statistics.
    pub fn evaluate(&self, examples: &dyn Source) -> Result<Stats, TrainError> {
        self.check(examples, self.criterion.n_classes())?;
        let tally = self.run(examples, &self.criterion, &mut |_| {})?;
        Ok(Stats { loss: tally.mean_loss(), accuracy: tally.accuracy() })
    }

    /// The graph's output for each example, one after the other; labels are not looked at.
    pub fn predict(&self, examples: &dyn Source) -> Result<Vec<f32>, TrainError> {
        self.check(examples, None)?;
        let mut outputs = Vec::new();
        let criterion = self.criterion.without_targets();
        self.run(examples, &criterion, &mut |logits| outputs.extend_from_slice(logits))?;
        Ok(match &self.network.head {
            None => outputs,
            Some(head) => {
                let mut results = vec![0.0; outputs.len()];
                head.forward(&outputs, &mut results);
                results
            }
        })
    }

    fn run(
        &self,
        examples: &dyn Source,
        criterion: &Criterion,
        read: &mut dyn FnMut(&[f32]),
    ) -> Result<Tally, TrainError> {
        let mut workspace = Workspace::new(&self.network);
        let (params, moving) = self.judged();
        let mut arithmetic = Arithmetic::default();
        arithmetic.set(&self.network.filters, params, self.network.grids(moving));
        let params = arithmetic.params(params);
        let model = Model { network: &self.network, criterion, params, arithmetic: &arithmetic };
        let mut sum = Tally::default();
        for start in (0..examples.len()).step_by(LANES * EVALUATED) {
            let n = (examples.len() - start).min(LANES * EVALUATED);
            let fill = |at: usize, input: &mut [f32], target: &mut [f32]| {
                fill(examples, start + at, None, input, target)
            };
            let tally = workspace.evaluate(model, n, &fill, moving, read);
            sum.add(tally.map_err(TrainError::Examples)?);
        }
        Ok(sum)
    }

    /// Notes the figures of the last epoch on the validation examples, and keeps its weights if they are the best so
    /// far: higher accuracy, or lower loss at the same accuracy. A loss that is not a number is not noted.
    pub fn record_validation(&mut self, stats: Stats) {
        let Some(last) = self.state.history.last_mut() else { return };
        if !stats.loss.is_finite() {
            return;
        }
        last.validation = Some(stats);
        let is_best = self.state.best.as_ref().is_none_or(|best| {
            let more = stats.accuracy > best.stats.accuracy;
            more || (stats.accuracy == best.stats.accuracy && stats.loss < best.stats.loss)
        });
        if is_best {
            let (params, moving) = self.judged();
            let (params, moving) = (params.to_vec(), moving.to_vec());
            self.state.best = Some(Best { epoch: self.state.epoch, stats, params, moving });
        }
    }
}

/// Reads an example, as varied in an epoch or as it is, with its target values, if the loss has some; returns its label.
fn fill(
    examples: &dyn Source,
    index: usize,
    epoch: Option<u64>,
    input: &mut [f32],
    target: &mut [f32],
) -> Result<Label, String> {
    match epoch {
        Some(epoch) => examples.vary(epoch, index, input)?,
        None => examples.read(index, input)?,
    }
    if !target.is_empty() {
        examples.target(index, input, target)?;
    }
    match input.iter().chain(&*target).find(|value| !value.is_finite()) {
        Some(bad) => Err(format!("example {index} holds {bad}; remove or repair it")),
        None => Ok(Label {
            class: examples.class(index),
            second: epoch.and_then(|epoch| examples.second_class(epoch, index)),
        }),
    }
}

#[cfg(test)]
mod tests;
