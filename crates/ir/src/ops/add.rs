//! ADD: `y = act(a + b)` with broadcasting.

use super::Activation;

/// Attributes of ADD. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Add {
    /// Fused activation.
    pub activation: Activation,
}
