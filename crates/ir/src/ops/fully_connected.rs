//! FULLY_CONNECTED: `y[b,o] = act(bias[o] + sum over i of x[b,i] * w[o,i])`.

use super::Activation;

/// Attributes of FULLY_CONNECTED. Inputs: x (any shape, flattened to `[batch, I]`), weights (OI), optional bias (O).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FullyConnected {
    /// Fused activation.
    pub activation: Activation,
    /// Whether the result keeps the leading dimensions of the input.
    pub keep_num_dims: bool,
}
