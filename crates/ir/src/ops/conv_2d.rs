//! CONV_2D: `y[n,oy,ox,o] = act(bias[o] + sum over ky,kx,i of x[n,oy*sh+ky*dh-pt,ox*sw+kx*dw-pl,i] * w[o,ky,kx,i])`.

use super::{Activation, Padding};

/// Attributes of CONV_2D. Inputs: x (NHWC), filter (OHWI; I divides the input channels: grouped), optional bias (O).
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2d {
    /// Stride along height and width.
    pub stride: [usize; 2],
    /// Dilation along height and width.
    pub dilation: [usize; 2],
    /// Padding.
    pub padding: Padding,
    /// Fused activation.
    pub activation: Activation,
}
