//! Why a technique could not be applied.

use smidgen_ir::IrError;

/// An error of a technique; it names the place in the graph and what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompressError {
    /// The graph is not valid, before or after.
    #[error(transparent)]
    Graph(#[from] IrError),
    /// One node or tensor cannot be handled.
    #[error("{place}: {message}")]
    Place {
        /// `node 3 CONV_2D "conv/Relu"` or `tensor 7 "bias"`.
        place: String,
        /// What was expected, what was found, and what to do about it.
        message: String,
    },
    /// The calibration data or the inputs of an inference cannot be used.
    #[error("{0}")]
    Data(String),
    /// Options that make no sense.
    #[error("{0}")]
    Options(String),
}
