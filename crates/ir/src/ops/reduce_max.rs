//! REDUCE_MAX: `y = the largest x` of the reduced axes.

use smidgen_kernels::ops::reduce_max::Spec;

use super::reduction::{Reduced, reduced, reduction_operator};
use crate::kernel::Kernel;
use crate::scales::same_quant;
use crate::tensor::{DType, Tensor};

/// Element types of the input.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16, DType::I32];

/// Attributes of REDUCE_MAX. Inputs: x; the axes operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct ReduceMax {
    /// The dimensions that are reduced; negative ones count from the last.
    pub axes: Vec<i32>,
    /// Whether they stay with an extent of 1.
    pub keep_dims: bool,
}

impl ReduceMax {
    fn kernel(&self, input: &Tensor, output: &Tensor) -> Result<Kernel, String> {
        same_quant("input", input, output)?;
        let Reduced { shape, axes, .. } = reduced(input, &self.axes)?;
        let spec = Spec { shape, axes };
        Ok(match input.dtype {
            DType::I8 => Kernel::ReduceMaxInt8(spec),
            DType::I16 => Kernel::ReduceMaxInt16(spec),
            DType::I32 => Kernel::ReduceMaxInt32(spec),
            _ => Kernel::ReduceMaxFloat32(spec),
        })
    }
}

reduction_operator!(ReduceMax, "REDUCE_MAX", TYPES, SameAsInput);
