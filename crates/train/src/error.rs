//! What can go wrong in training, and what to do about it.

/// An error of the trainer. Messages name the node or the field, what was expected and found, and the way out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// A field of [`crate::Config`] makes no sense.
    #[error("training configuration: {field} is {found}; expected {expected}")]
    Config {
        /// Name of the field.
        field: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// The verifier refuses the graph.
    #[error(transparent)]
    Invalid(smidgen_ir::IrError),
    /// The graph cannot be trained.
    #[error("{place}: {problem}")]
    Graph {
        /// The node as [`smidgen_ir::Graph::describe`] names it, or the graph itself.
        place: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The examples do not fit the graph.
    #[error("training examples: {0}")]
    Examples(String),
    /// The loss or a weight stopped being a number. The state is that of the epoch's beginning.
    #[error(
        "training diverged in epoch {epoch}, batch {batch}: the loss is {loss}; lower the learning rate (now \
         {learning_rate}), or look for extreme values in the data"
    )]
    Diverged {
        /// Epoch, counted from 1.
        epoch: u64,
        /// Batch in the epoch, counted from 1.
        batch: usize,
        /// The loss.
        loss: f64,
        /// The learning rate of the batch.
        learning_rate: f32,
    },
    /// The callback asked to stop. The broken epoch is discarded: the state is that of its beginning.
    #[error("training stopped in epoch {epoch}; what the epoch had learnt is discarded")]
    Interrupted {
        /// Epoch, counted from 1.
        epoch: u64,
    },
    /// A checkpoint cannot be resumed.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
}

impl TrainError {
    pub(crate) fn graph(place: impl Into<String>, problem: impl Into<String>) -> Self {
        TrainError::Graph { place: place.into(), problem: problem.into() }
    }
}
