//! AVERAGE_POOL_2D: the mean of each window and channel, over the elements that lie inside the data.

use smidgen_kernels::ops::average_pool_2d::{Float32Spec, Int8Spec, Int16Spec};
use smidgen_kernels::window::Window;

use super::pool_2d::{bounds, pool_2d_operator};
use super::{Activation, Padding};
use crate::graph::Dialect;
use crate::kernel::Kernel;
use crate::scales::float_activation_range;
use crate::tensor::{DType, Tensor};

/// Element types of the input.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16];

/// Attributes of AVERAGE_POOL_2D. Inputs: x, NHWC.
#[derive(Debug, Clone, PartialEq)]
pub struct AveragePool2d {
    /// Window height and width.
    pub window: [usize; 2],
    /// Stride along height and width.
    pub stride: [usize; 2],
    /// Padding.
    pub padding: Padding,
    /// Fused activation.
    pub activation: Activation,
}

impl AveragePool2d {
    fn kernel(&self, window: Window, output: &Tensor, dialect: Dialect) -> Result<Kernel, String> {
        if output.dtype == DType::F32 {
            let [act_min, act_max] = float_activation_range(self.activation);
            return Ok(Kernel::AveragePool2dFloat32(Float32Spec { window, act_min, act_max }));
        }
        let [act_min, act_max] = bounds(self.activation, output)?;
        if output.dtype == DType::I16 {
            return Ok(Kernel::AveragePool2dInt16(Int16Spec { window, act_min, act_max }));
        }
        let spec = Int8Spec { window, act_min, act_max };
        Ok(match dialect {
            Dialect::Tflm => Kernel::AveragePool2dInt8(spec),
            Dialect::Uint8 => Kernel::AveragePool2dInt8HalvesUp(spec),
        })
    }
}

pool_2d_operator!(AveragePool2d, "AVERAGE_POOL_2D", TYPES, SameAsInput);
