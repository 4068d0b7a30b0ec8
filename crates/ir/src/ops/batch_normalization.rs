//! BATCH_NORMALIZATION: `y = gamma * (x - mean) / sqrt(variance + epsilon) + beta` over the last axis.

/// Attributes of BATCH_NORMALIZATION. Inputs: x, gamma, beta, mean, variance; the last four have one element a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNormalization {
    /// Added to the variance.
    pub epsilon: f32,
}
