//! DEPTHWISE_CONV_2D: each input channel is convolved with its own `depth_multiplier` filters.

use super::{Activation, Padding};

/// Attributes of DEPTHWISE_CONV_2D. Inputs: x (NHWC), filter (1HWO, `O = C * depth_multiplier`), optional bias (O).
#[derive(Debug, Clone, PartialEq)]
pub struct DepthwiseConv2d {
    /// Output channels for each input channel.
    pub depth_multiplier: usize,
    /// Stride along height and width.
    pub stride: [usize; 2],
    /// Dilation along height and width.
    pub dilation: [usize; 2],
    /// Padding.
    pub padding: Padding,
    /// Fused activation.
    pub activation: Activation,
}
