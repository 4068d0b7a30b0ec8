//! Lossy techniques, one file each, from Graph to Graph.
//!
//! A technique trades meaning for size or speed; what keeps meaning is a pass of `smidgen_ir`. Each takes a graph, its
//! options and a [`Context`], and gives a graph that passed the verifier.

pub mod cross_layer_equalization;
pub mod diagnosis;
mod error;
mod filters;
pub mod low_rank_factorization;
pub mod mixed_precision;
pub mod post_training_quantization;
pub mod quantization_aware_training;
pub mod quantize;
pub mod structured_pruning;
pub mod weight_clustering;
pub mod weight_pruning;

pub use error::CompressError;
use smidgen_ir::TensorIdx;
use smidgen_train::Constraint;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tensors that are held to some values while they are trained.
pub type Held = Vec<(TensorIdx, Arc<dyn Constraint>)>;

/// What techniques may use besides the graph.
#[derive(Debug)]
pub struct Context<'a> {
    /// Inputs like those that the network will see, each one inference: all inputs concatenated, in float32.
    /// Training data, never test data.
    pub calibration: &'a [Vec<f32>],
    /// Gradients of the loss with respect to weights, by tensor of the graph, where a technique asks for them.
    pub gradients: BTreeMap<usize, Vec<f32>>,
    /// What was done, in lines for people.
    pub log: Vec<String>,
}

impl<'a> Context<'a> {
    /// A context with an empty log.
    pub fn new(calibration: &'a [Vec<f32>]) -> Self {
        Context { calibration, gradients: BTreeMap::new(), log: Vec::new() }
    }
}
