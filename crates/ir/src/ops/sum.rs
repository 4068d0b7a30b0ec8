//! SUM: `y = sum of x` over the reduced axes.

use smidgen_kernels::ops::sum;

use super::reduction::{Reduced, reduced, reduction_operator, rescaled};
use crate::kernel::Kernel;
use crate::scales::Multiplier;
use crate::tensor::{DType, Tensor};

/// Element types of the input.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16];

/// Attributes of SUM. Inputs: x; the axes operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    /// The dimensions that are summed; negative ones count from the last. None are reduced where it is empty.
    pub axes: Vec<i32>,
    /// Whether they stay with an extent of 1.
    pub keep_dims: bool,
}

impl Sum {
    fn kernel(&self, input: &Tensor, output: &Tensor) -> Result<Kernel, String> {
        let Reduced { shape, axes, .. } = reduced(input, &self.axes)?;
        if output.dtype == DType::F32 {
            return Ok(Kernel::SumFloat32(sum::Float32Spec { shape, axes }));
        }
        let ([input_zero_point, output_zero_point], Multiplier { multiplier, shift }) =
            rescaled(input, output)?;
        Ok(match output.dtype {
            DType::I16 => Kernel::SumInt16(sum::Int16Spec { shape, axes, multiplier, shift }),
            _ => Kernel::SumInt8(sum::Int8Spec {
                shape,
                axes,
                input_zero_point,
                output_zero_point,
                multiplier,
                shift,
            }),
        })
    }
}

reduction_operator!(Sum, "SUM", TYPES, Calibrated);
