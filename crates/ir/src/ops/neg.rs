//! NEG: `y = -x`. Float only, as in TFLM.

use smidgen_kernels::ops::neg;

use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// NEG has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Neg;

impl Unary for Neg {
    const NAME: &'static str = "NEG";
    const TYPES: &'static [DType] = &[DType::F32];

    fn lowered(&self, input: &Tensor, _output: &Tensor) -> Result<Lowered, String> {
        Ok(Kernel::NegFloat32(neg::Float32Spec { len: input.n_elements() }).into())
    }
}
