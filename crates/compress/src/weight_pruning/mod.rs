//! Weight pruning: the weights of least magnitude become 0 and stay so, alone or in patterns (Han et al., *Learning both
//! Weights and Connections for Efficient Neural Networks*, 2015; Zhu and Gupta, *To prune, or not to prune*, 2017).
//!
//! Filters of CONV_2D and FULLY_CONNECTED are pruned; biases and DEPTHWISE_CONV_2D, which have few weights, are not. A
//! schedule says how much is pruned in which epoch of fine-tuning; what is 0 is never brought back. With [`Rewind`] the network
//! is trained in rounds instead, each from early weights.

mod rewind;

pub use rewind::{Rewind, rewound};

use serde::{Deserialize, Serialize};
use smidgen_ir::{Graph, IrError};
use smidgen_train::Constraint;
use std::sync::Arc;

use crate::filters::{Filter, filters, set};
use crate::post_training_quantization::{check_float, prepared};
use crate::{CompressError, Context, Held};

/// How sparsity grows while a pruned network is fine-tuned.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// All at once, before the first epoch.
    OneShot,
    /// From 0 to the whole over three quarters of the epochs: `s * (1 - (1 - t)^power)`, as of Zhu and Gupta with power 3.
    Polynomial {
        /// 1 is even; 3 is usual and takes most at the beginning, where it hurts least.
        power: f64,
    },
    /// The same share of what is left in each of the first three quarters of the epochs.
    #[default]
    Constant,
}

/// Which weights are pruned together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Pattern {
    /// Each on its own.
    #[default]
    Single,
    /// In every `of` weights of a row, the same number.
    NOfM {
        /// Weights looked at together: they divide a row, or the last ones of it stay.
        of: usize,
    },
    /// Blocks of weights that follow each other in a row.
    Block {
        /// Weights in a block.
        columns: usize,
        /// Output channels in a block.
        rows: usize,
    },
}

/// Which weights matter least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    /// Those of least magnitude.
    #[default]
    Magnitude,
    /// Those that training moves towards 0 (after Sanh, Wolf and Rush, *Movement Pruning*, 2020): least is the growth of a weight's
    /// square since the stage began, as a share of what it was. Their sum of weight times negative gradient is that growth in small
    /// steps of plain gradient descent; Adam moves all weights by much the same step, so that without the share the largest ones
    /// would decide alone. Nothing is pruned before the first epoch.
    Movement,
}

/// Options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Share of the weights that become 0.
    pub sparsity: f64,
    /// Which weights go first.
    pub importance: Importance,
    /// How it grows.
    pub schedule: Schedule,
    /// What is pruned together.
    pub pattern: Pattern,
    /// Whether the weights of all layers compete; else every layer loses the same share.
    pub global: bool,
    /// Rounds of training that each begin with early weights; the schedule has no say then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewind: Option<Rewind>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            sparsity: 0.75,
            importance: Importance::default(),
            schedule: Schedule::default(),
            pattern: Pattern::default(),
            global: false,
            rewind: None,
        }
    }
}

/// Share of the epochs in which sparsity grows; the rest recover.
const GROWING: f64 = 0.75;

/// A weight that began near 0 has grown by so much at most.
const MOST_GROWN: f32 = 1e6;

/// A layer keeps at least one weight in this many where all layers compete, so that none is cut off.
const LEAST_KEPT: usize = 100;

impl Config {
    /// The sparsity of epoch `epoch` (from 0) of `n_epochs`.
    pub fn sparsity_at(&self, epoch: u64, n_epochs: u64) -> f64 {
        let growing = (GROWING * n_epochs as f64).floor().max(1.0);
        if self.importance == Importance::Movement && epoch == 0 {
            // Nothing has moved yet.
            return 0.0;
        }
        // The first epoch is pruned already, and the last growing one to the full.
        let t = ((epoch + 1) as f64 / growing).min(1.0);
        match self.schedule {
            Schedule::OneShot => self.sparsity,
            Schedule::Polynomial { power } => self.sparsity * (1.0 - (1.0 - t).powf(power)),
            Schedule::Constant => 1.0 - (1.0 - self.sparsity).powf(t),
        }
    }

    /// Checks that the options make sense.
    ///
    /// # Errors
    /// [`CompressError::Options`] with the option, what was found and what was expected.
    pub fn check(&self) -> Result<(), CompressError> {
        let wrong = |message: String| Err(CompressError::Options(format!("weight_pruning: {message}")));
        if !(self.sparsity > 0.0 && self.sparsity < 1.0) {
            return wrong(format!("sparsity {}, expected above 0 and below 1", self.sparsity));
        }
        if let Schedule::Polynomial { power } = self.schedule
            && !(power > 0.0 && power.is_finite())
        {
            return wrong(format!("power {power}, expected above 0"));
        }
        if let Some(rewind) = &self.rewind {
            rewind.check().map_err(CompressError::Options)?;
            if self.importance == Importance::Movement {
                return wrong("rewind goes by magnitude, not by movement: leave one of both out".into());
            }
        }
        match self.pattern {
            Pattern::NOfM { of } if !(2..=64).contains(&of) => wrong(format!("of {of}, expected 2 to 64")),
            Pattern::Block { columns, rows } if columns == 0 || rows == 0 || columns * rows > 1024 => {
                wrong(format!("blocks of {rows} by {columns}, expected at least 1 and at most 1024 weights"))
            }
            _ => Ok(()),
        }
    }
}

/// Weights that stay 0.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Zeros {
    kept: Vec<bool>,
}

impl Constraint for Zeros {
    fn project(&self, values: &mut [f32]) {
        for (value, &kept) in values.iter_mut().zip(&self.kept) {
            // Not a product, which would keep an infinity or a NaN.
            *value = if kept { *value } else { 0.0 };
        }
    }
}

/// The zeros of a graph, for what must not bring them back.
pub fn zeros(graph: &Graph) -> Held {
    let held = |filter: Filter| {
        let values = graph.tensor(filter.tensor).f32s()?;
        let kept: Vec<bool> = values.iter().map(|value| *value != 0.0).collect();
        let zeros = Arc::new(Zeros { kept }) as Arc<dyn Constraint>;
        Some((filter.tensor, zeros))
    };
    filters(graph).into_iter().filter_map(held).collect()
}

/// Share of the weights of CONV_2D and FULLY_CONNECTED that are 0.
pub fn sparsity(graph: &Graph) -> f64 {
    let (mut n, mut n_zeros) = (0usize, 0usize);
    for filter in filters(graph) {
        let values = graph.tensor(filter.tensor).f32s().unwrap_or_default();
        n += values.len();
        n_zeros += values.iter().filter(|value| **value == 0.0).count();
    }
    n_zeros as f64 / n.max(1) as f64
}

/// The graph with the weights of least magnitude set to 0, whatever [`Config::importance`]: nothing has moved. The log of `context`
/// says how many there are.
///
/// # Errors
/// Options that make no sense, and a graph that is not float32 or has nothing to prune.
pub fn apply(graph: &Graph, config: &Config, context: &mut Context<'_>) -> Result<Graph, CompressError> {
    config.check()?;
    graph.verify().map_err(IrError::Invalid)?;
    check_float(graph)?;
    let graph = prepared(graph)?;
    let pruned = pruned(&graph, None, config, config.sparsity)?;
    context.log.push(format!("weight_pruning: {:.1} % of the weights are 0", 100.0 * sparsity(&pruned)));
    Ok(pruned)
}

/// What holds this share of the weights at 0: those that matter least now. `start` is the graph before it was trained, which
/// [`Importance::Movement`] goes by; without one it is magnitude that counts.
///
/// # Errors
/// A graph without weights to prune.
pub fn held(
    graph: &Graph,
    start: Option<&Graph>,
    config: &Config,
    sparsity: f64,
) -> Result<Held, CompressError> {
    pruned(graph, start, config, sparsity).map(|pruned| zeros(&pruned))
}

fn pruned(
    graph: &Graph,
    start: Option<&Graph>,
    config: &Config,
    sparsity: f64,
) -> Result<Graph, CompressError> {
    let filters = filters(graph);
    if filters.is_empty() {
        let message = "weight_pruning: there is no CONV_2D or FULLY_CONNECTED with constant weights to prune";
        return Err(CompressError::Options(message.into()));
    }
    let values = |graph: &Graph, filter: &Filter| graph.tensor(filter.tensor).f32s().unwrap_or_default();
    // What each weight is worth.
    let worth = |filter: &Filter| -> Vec<f32> {
        let now = values(graph, filter);
        match start.filter(|_| config.importance == Importance::Movement) {
            None => now.iter().map(|value| value.abs()).collect(),
            Some(start) => {
                // What was pruned stays so.
                let growth = |(now, then): (&f32, f32)| match *now {
                    0.0 => f32::NEG_INFINITY,
                    _ => ((now * now - then * then) / (then * then).max(f32::MIN_POSITIVE)).min(MOST_GROWN),
                };
                now.iter().zip(values(start, filter)).map(growth).collect()
            }
        }
    };
    let threshold = config.global.then(|| {
        let all = filters.iter().flat_map(|filter| {
            // Layers of many inputs have small weights: what counts is a weight beside its layer's own.
            let worth = worth(filter);
            let mean = mean_magnitude(&worth);
            scores(&worth, filter, config.pattern).into_iter().map(move |score| score / mean)
        });
        nth(all.collect(), sparsity)
    });
    let mut pruned = graph.clone();
    for filter in &filters {
        let mut values = values(graph, filter);
        prune(&mut values, &worth(filter), filter, config.pattern, sparsity, threshold);
        set(&mut pruned, filter.tensor, &values);
    }
    Ok(pruned)
}

fn mean_magnitude(values: &[f32]) -> f32 {
    let sum: f64 = values.iter().filter(|value| value.is_finite()).map(|value| f64::from(value.abs())).sum();
    ((sum / values.len().max(1) as f64) as f32).max(f32::MIN_POSITIVE)
}

/// What this share of the scores is at most.
fn nth(mut scores: Vec<f32>, share: f64) -> f32 {
    let n = ((share * scores.len() as f64).round() as usize).min(scores.len());
    match n.checked_sub(1) {
        None => f32::NEG_INFINITY,
        Some(at) => *scores.select_nth_unstable_by(at, f32::total_cmp).1,
    }
}

/// The places of a filter that are pruned together.
fn units(filter: &Filter, pattern: Pattern) -> Vec<Vec<usize>> {
    let Filter { n_channels, row, .. } = *filter;
    match pattern {
        Pattern::Single | Pattern::NOfM { .. } => (0..n_channels * row).map(|at| vec![at]).collect(),
        Pattern::Block { columns, rows } => (0..n_channels.div_ceil(rows))
            .flat_map(|block| (0..row.div_ceil(columns)).map(move |column| (block * rows, column * columns)))
            .map(|(channel, column)| {
                let channels = channel..(channel + rows).min(n_channels);
                channels
                    .flat_map(|c| (column..(column + columns).min(row)).map(move |at| c * row + at))
                    .collect()
            })
            .collect(),
    }
}

/// The mean worth of each unit.
fn scores(worth: &[f32], filter: &Filter, pattern: Pattern) -> Vec<f32> {
    let score = |unit: &Vec<usize>| unit.iter().map(|&at| worth[at]).sum::<f32>() / unit.len().max(1) as f32;
    units(filter, pattern).iter().map(score).collect()
}

/// Sets the units of least worth to 0: those up to `threshold` times the mean, or this share of them.
fn prune(
    values: &mut [f32],
    worth: &[f32],
    filter: &Filter,
    pattern: Pattern,
    sparsity: f64,
    threshold: Option<f32>,
) {
    if let Pattern::NOfM { of } = pattern {
        for (row, worth) in values.chunks_mut(filter.row).zip(worth.chunks(filter.row)) {
            for (group, worth) in row.chunks_exact_mut(of).zip(worth.chunks_exact(of)) {
                let mut order: Vec<usize> = (0..of).collect();
                order.sort_by(|&a, &b| worth[a].total_cmp(&worth[b]).then(a.cmp(&b)));
                let n = (sparsity * of as f64).round() as usize;
                order.into_iter().take(n).for_each(|at| group[at] = 0.0);
            }
        }
        return;
    }
    let (units, scores) = (units(filter, pattern), scores(worth, filter, pattern));
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(a.cmp(&b)));
    let n = match threshold {
        None => (sparsity * units.len() as f64).round() as usize,
        Some(threshold) => {
            let least = units.len().div_ceil(LEAST_KEPT);
            let limit = threshold * mean_magnitude(worth);
            scores.iter().filter(|score| **score <= limit).count().min(units.len() - least)
        }
    };
    for at in order.into_iter().take(n).flat_map(|unit| &units[unit]) {
        values[*at] = 0.0;
    }
}

#[cfg(test)]
mod tests;
