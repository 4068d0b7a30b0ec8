//! CEIL: `y` is the smallest integer that is not below `x`. Float only, as in TFLM.

use smidgen_kernels::ops::ceil;

use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// CEIL has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ceil;

impl Unary for Ceil {
    const NAME: &'static str = "CEIL";
    const TYPES: &'static [DType] = &[DType::F32];

    fn lowered(&self, input: &Tensor, _output: &Tensor) -> Result<Lowered, String> {
        Ok(Kernel::CeilFloat32(ceil::Float32Spec { len: input.n_elements() }).into())
    }
}
