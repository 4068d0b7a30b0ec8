//! ROUND: `y` is the integer nearest to `x`, of two the even one. Float only, as in TFLM.

use smidgen_kernels::ops::round;

use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// ROUND has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Round;

impl Unary for Round {
    const NAME: &'static str = "ROUND";
    const TYPES: &'static [DType] = &[DType::F32];

    fn lowered(&self, input: &Tensor, _output: &Tensor) -> Result<Lowered, String> {
        Ok(Kernel::RoundFloat32(round::Float32Spec { len: input.n_elements() }).into())
    }
}
