//! L2_POOL_2D: the root of the mean square of each window and channel, over the elements that lie inside the data. float32.

use smidgen_kernels::ops::l2_pool_2d::Float32Spec;
use smidgen_kernels::window::Window;

use super::pool_2d::pool_2d_operator;
use super::{Activation, Padding};
use crate::graph::Dialect;
use crate::kernel::Kernel;
use crate::scales::float_activation_range;
use crate::tensor::{DType, Tensor};

/// Attributes of L2_POOL_2D. Inputs: x, NHWC.
#[derive(Debug, Clone, PartialEq)]
pub struct L2Pool2d {
    /// Window height and width.
    pub window: [usize; 2],
    /// Stride along height and width.
    pub stride: [usize; 2],
    /// Padding.
    pub padding: Padding,
    /// Fused activation.
    pub activation: Activation,
}

impl L2Pool2d {
    fn kernel(&self, window: Window, _output: &Tensor, _dialect: Dialect) -> Result<Kernel, String> {
        let [act_min, act_max] = float_activation_range(self.activation);
        Ok(Kernel::L2Pool2dFloat32(Float32Spec { window, act_min, act_max }))
    }
}

pool_2d_operator!(L2Pool2d, "L2_POOL_2D", &[DType::F32], NotQuantized);
