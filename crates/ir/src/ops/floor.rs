//! FLOOR: `y` is the largest integer that is not above `x`. Float only, as in TFLM.

use smidgen_kernels::ops::floor;

use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// FLOOR has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Floor;

impl Unary for Floor {
    const NAME: &'static str = "FLOOR";
    const TYPES: &'static [DType] = &[DType::F32];

    fn lowered(&self, input: &Tensor, _output: &Tensor) -> Result<Lowered, String> {
        Ok(Kernel::FloorFloat32(floor::Float32Spec { len: input.n_elements() }).into())
    }
}
