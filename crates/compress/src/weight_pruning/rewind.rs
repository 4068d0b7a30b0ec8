//! Rewinding: what a trained network shows to matter is trained again from early weights (Frankle and Carbin, *The Lottery Ticket
//! Hypothesis*, 2019; Frankle et al., *Linear Mode Connectivity and the Lottery Ticket Hypothesis*, 2020).
//!
//! In each of several rounds the weights of least magnitude become 0, all others go back to what they were early in training, and
//! the network is trained again.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use smidgen_ir::Graph;

use super::{Config, pruned};
use crate::CompressError;
use crate::filters::{filters, set};

/// How often, and to which weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewind {
    /// Rounds of training; each prunes the same share of what is left.
    pub rounds: u32,
    /// The float model whose weights they go back to; those that the stage began with when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PathBuf>,
}

impl Rewind {
    pub(super) fn check(&self) -> Result<(), String> {
        match self.rounds {
            1..=100 => Ok(()),
            n => Err(format!("weight_pruning: rewind.rounds {n}, expected 1 to 100")),
        }
    }

    /// The share of all weights that is 0 in round `round` (from 1): `1 - (1 - sparsity)^(round / rounds)`.
    pub fn sparsity(&self, sparsity: f64, round: u32) -> f64 {
        1.0 - (1.0 - sparsity).powf(f64::from(round) / f64::from(self.rounds.max(1)))
    }
}

/// The weights of `early`, without those that matter least in `trained`.
///
/// # Errors
/// A network without weights to prune, and one that is not the early one trained further.
pub fn rewound(
    trained: &Graph,
    early: &Graph,
    config: &Config,
    sparsity: f64,
) -> Result<Graph, CompressError> {
    let trained = pruned(trained, None, config, sparsity)?;
    let constants = |graph: &Graph| -> Vec<(Vec<usize>, bool)> {
        let operands = graph.nodes.iter().flat_map(|node| &node.inputs).flatten();
        operands.map(|&operand| graph.tensor(operand)).map(|t| (t.shape.clone(), t.is_const())).collect()
    };
    if constants(&trained) != constants(early) {
        let message = "weight_pruning: the model to rewind to has other layers than the trained one; it must be the same \
                       network earlier in its training";
        return Err(CompressError::Options(message.into()));
    }
    let mut graph = early.clone();
    for (filter, early) in filters(&trained).iter().zip(filters(early)) {
        let (Some(now), Some(then)) =
            (trained.tensor(filter.tensor).f32s(), graph.tensor(early.tensor).f32s())
        else {
            continue;
        };
        let kept: Vec<f32> =
            then.iter().zip(now).map(|(then, now)| if now == 0.0 { 0.0 } else { *then }).collect();
        set(&mut graph, early.tensor, &kept);
    }
    Ok(graph)
}
