//! SIN: `y = sin(x)`, `x` in radians. Float only, as in TFLM.

use smidgen_kernels::ops::sin;

use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// SIN has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sin;

impl Unary for Sin {
    const NAME: &'static str = "SIN";
    const TYPES: &'static [DType] = &[DType::F32];

    fn lowered(&self, input: &Tensor, _output: &Tensor) -> Result<Lowered, String> {
        Ok(Kernel::SinFloat32(sin::Float32Spec { len: input.n_elements() }).into())
    }
}
