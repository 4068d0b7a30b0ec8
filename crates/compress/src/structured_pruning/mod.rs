//! Structured pruning: the channels that matter least are removed, so that what is left is an ordinary smaller network.
//!
//! A channel of a layer goes together with its filter, its bias, the weights that read it in the next layers, and with the
//! channels that other layers bring to meet it: through depthwise layers, residual ADDs, concatenations and reshapes (a
//! dependency graph as in Fang et al., *DepGraph: Towards Any Structural Pruning*, 2023). How many channels go is asked for
//! as a share of the channels, of the multiply-accumulates, of the parameters, of the arena or of the instructions. Whole layers go
//! where nothing else depends on their shape (`layers.rs`).

mod importance;
mod instructions;
mod layers;
mod sensitivity;

use serde::{Deserialize, Serialize};
use smidgen_ir::{Graph, IrError, lower};

use crate::post_training_quantization::{check_float, prepared};
use crate::{CompressError, Context};
pub use importance::Importance;
pub use sensitivity::{SHARES, Sensitivity, sensitivity};
use smidgen_ir::channels::{self, Channels, Class, Group};

/// What is to be removed a share of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// Channels of every group of layers.
    Channels(f64),
    /// Multiply-accumulates of an inference.
    Macs(f64),
    /// Weights and biases.
    Parameters(f64),
    /// Memory for activations.
    Arena(f64),
    /// Instructions that an inference executes on a Cortex-M, by an estimate.
    Instructions(f64),
    /// So many whole layers: branches of residual sums, and layers whose result has the shape of their input.
    Layers(u32),
}

/// Options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How much goes.
    pub target: Target,
    /// What the importance of a channel is taken from.
    pub importance: Importance,
    /// Whether channels of all layers compete; else every group of layers loses the same share.
    pub global: bool,
    /// Channels that a layer keeps at least.
    pub least: usize,
    /// Layers keep a multiple of this many channels, which kernels may prefer.
    pub multiple: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            target: Target::Channels(0.5),
            importance: Importance::L2,
            global: false,
            least: 2,
            multiple: 1,
        }
    }
}

impl Target {
    /// The share that goes; of whole layers none is asked for.
    fn share(self) -> Option<f64> {
        match self {
            Target::Channels(share)
            | Target::Macs(share)
            | Target::Parameters(share)
            | Target::Arena(share)
            | Target::Instructions(share) => Some(share),
            Target::Layers(_) => None,
        }
    }
}

impl Config {
    /// Checks that the options make sense.
    ///
    /// # Errors
    /// [`CompressError::Options`] with what was found and expected.
    pub fn check(&self) -> Result<(), CompressError> {
        let Some(share) = self.target.share() else {
            let message = "structured_pruning: 0 layers, expected 1 or more".to_owned();
            return if self.target == Target::Layers(0) {
                Err(CompressError::Options(message))
            } else {
                Ok(())
            };
        };
        if share > 0.0 && share < 1.0 {
            return Ok(());
        }
        let message = format!("structured_pruning: a share of {share}, expected above 0 and below 1");
        Err(CompressError::Options(message))
    }
}

/// The graph without the channels that matter least. The log of `context` says what went.
///
/// # Errors
/// [`CompressError::Options`] on a share that is not above 0 and below 1, or that cannot be reached;
/// [`CompressError::Place`] on a graph that is not float32; [`CompressError::Data`] where importance needs data that are
/// missing.
pub fn apply(graph: &Graph, config: &Config, context: &mut Context<'_>) -> Result<Graph, CompressError> {
    config.check()?;
    graph.verify().map_err(IrError::Invalid)?;
    check_float(graph)?;
    let graph = prepared(graph)?;
    if let Target::Layers(n) = config.target {
        return layers::without(&graph, n, context);
    }
    let groups = Channels::of(&graph).groups(&graph, &channels::makers(&graph));
    if groups.iter().all(|group| group.classes.len() <= config.least) {
        return Err(CompressError::Options(format!(
            "structured_pruning: no layer has more than {} channels that could go; inputs and outputs keep theirs",
            config.least
        )));
    }
    let values = importance::of(&graph, &groups, config.importance, context)?;
    let plan = Plan { graph: &graph, groups: &groups, values: &values, config };
    let removed = match config.target {
        Target::Channels(share) => plan.removed(share),
        target => plan.reaching(target)?,
    };
    let cut = channels::without(&graph, removed.iter().copied())?;
    let n: usize = groups.iter().map(|group| group.classes.len()).sum();
    context.log.push(format!(
        "structured_pruning: {} of {n} channels went: multiply-accumulates {} → {}, parameters {} → {}",
        removed.len(),
        graph.macs(),
        cut.macs(),
        parameters(&graph),
        parameters(&cut)
    ));
    Ok(cut)
}

struct Plan<'a> {
    graph: &'a Graph,
    groups: &'a [Group],
    /// Importance by group and class.
    values: &'a [Vec<f64>],
    config: &'a Config,
}

impl<'a> Plan<'a> {
    /// The least important classes: this share of each group, or of all where they compete.
    fn removed(&self, share: f64) -> Vec<&'a Class> {
        let threshold = if self.config.global { self.threshold(share) } else { f64::INFINITY };
        let mut removed = Vec::new();
        for (group, values) in self.groups.iter().zip(self.values) {
            let mut order: Vec<usize> = (0..group.classes.len()).collect();
            order.sort_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
            let n = order.len();
            let wanted = match self.config.global {
                true => values.iter().filter(|value| **value < threshold).count(),
                false => (share * n as f64).round() as usize,
            };
            let least = self.config.least.max(1).min(n);
            let kept =
                n.saturating_sub(wanted).max(least).next_multiple_of(self.config.multiple.max(1)).min(n);
            removed.extend(order[..n - kept].iter().map(|&at| &group.classes[at]));
        }
        removed
    }

    /// The importance below which this share of all classes lies.
    fn threshold(&self, share: f64) -> f64 {
        let mut all: Vec<f64> = self.values.iter().flatten().copied().collect();
        all.sort_by(f64::total_cmp);
        let at = (share * all.len() as f64).round() as usize;
        all.get(at).copied().unwrap_or(f64::INFINITY)
    }

    /// The fewest classes whose absence takes the share of the target.
    fn reaching(&self, target: Target) -> Result<Vec<&'a Class>, CompressError> {
        let before = measure(self.graph, target)?;
        let rest = |share: f64| -> Result<f64, CompressError> {
            let cut = channels::without(self.graph, self.removed(share).into_iter())?;
            Ok(measure(&cut, target)? / before)
        };
        let asked = target.share().unwrap_or(0.0);
        let least = rest(1.0)?;
        if least > 1.0 - asked {
            return Err(CompressError::Options(format!(
                "structured_pruning: {:.1} % cannot go: with {} channel(s) left in every layer {:.1} % stay; ask for \
                 less",
                100.0 * asked,
                self.config.least.max(1),
                100.0 * least
            )));
        }
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..12 {
            let middle = 0.5 * (low + high);
            if rest(middle)? <= 1.0 - asked { high = middle } else { low = middle }
        }
        Ok(self.removed(high))
    }
}

fn measure(graph: &Graph, target: Target) -> Result<f64, CompressError> {
    Ok(match target {
        Target::Macs(_) => graph.macs() as f64,
        Target::Instructions(_) => instructions::instructions(graph),
        Target::Parameters(_) | Target::Channels(_) | Target::Layers(_) => parameters(graph) as f64,
        Target::Arena(_) => {
            let program = lower(graph)?;
            let plan = smidgen_plan::plan(graph, &program)
                .map_err(|error| CompressError::Options(format!("structured_pruning: {error}")))?;
            plan.arena_bytes as f64
        }
    })
}

fn parameters(graph: &Graph) -> usize {
    graph.tensors.iter().filter(|tensor| tensor.is_const()).map(|tensor| tensor.n_elements()).sum()
}

#[cfg(test)]
mod tests;
