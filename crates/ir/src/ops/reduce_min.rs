//! REDUCE_MIN: `y = the smallest x` of the reduced axes.

use smidgen_kernels::ops::reduce_min::Spec;

use super::reduction::{Reduced, reduced, reduction_operator};
use crate::kernel::Kernel;
use crate::scales::same_quant;
use crate::tensor::{DType, Tensor};

/// Element types of the input.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16, DType::I32];

/// Attributes of REDUCE_MIN. Inputs: x; the axes operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct ReduceMin {
    /// The dimensions that are reduced; negative ones count from the last.
    pub axes: Vec<i32>,
    /// Whether they stay with an extent of 1.
    pub keep_dims: bool,
}

impl ReduceMin {
    fn kernel(&self, input: &Tensor, output: &Tensor) -> Result<Kernel, String> {
        same_quant("input", input, output)?;
        let Reduced { shape, axes, .. } = reduced(input, &self.axes)?;
        let spec = Spec { shape, axes };
        Ok(match input.dtype {
            DType::I8 => Kernel::ReduceMinInt8(spec),
            DType::I16 => Kernel::ReduceMinInt16(spec),
            DType::I32 => Kernel::ReduceMinInt32(spec),
            _ => Kernel::ReduceMinFloat32(spec),
        })
    }
}

reduction_operator!(ReduceMin, "REDUCE_MIN", TYPES, SameAsInput);
