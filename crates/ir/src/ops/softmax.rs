//! SOFTMAX: `y = exp(beta * x) / sum of exp(beta * x)` over the last axis.

/// Attributes of SOFTMAX. Inputs: x.
#[derive(Debug, Clone, PartialEq)]
pub struct Softmax {
    /// Factor of the exponent.
    pub beta: f32,
}
