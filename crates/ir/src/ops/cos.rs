//! COS: `y = cos(x)`, `x` in radians. Float only, as in TFLM.

use smidgen_kernels::ops::cos;

use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// COS has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cos;

impl Unary for Cos {
    const NAME: &'static str = "COS";
    const TYPES: &'static [DType] = &[DType::F32];

    fn lowered(&self, input: &Tensor, _output: &Tensor) -> Result<Lowered, String> {
        Ok(Kernel::CosFloat32(cos::Float32Spec { len: input.n_elements() }).into())
    }
}
