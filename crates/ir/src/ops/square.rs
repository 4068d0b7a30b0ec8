//! SQUARE: `y = x * x`. Float only, as in TFLM.

use smidgen_kernels::ops::square;

use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// SQUARE has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Square;

impl Unary for Square {
    const NAME: &'static str = "SQUARE";
    const TYPES: &'static [DType] = &[DType::F32];

    fn lowered(&self, input: &Tensor, _output: &Tensor) -> Result<Lowered, String> {
        Ok(Kernel::SquareFloat32(square::Float32Spec { len: input.n_elements() }).into())
    }
}
