//! SUB: `y = act(a - b)` with broadcasting.

use smidgen_kernels::ops::sub;

use super::Activation;
use super::binary::{binary_operator, sum_kernel};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16, DType::I32, DType::I64];

/// Attributes of SUB. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sub {
    /// Fused activation.
    pub activation: Activation,
}

impl Sub {
    fn kernel(&self, operands: &Operands<'_>, output: &Tensor) -> Result<Kernel, String> {
        let act = self.activation;
        sum_kernel!(sub, operands, output, act, SubFloat32, SubInt8, SubInt16, SubInt32, SubInt64)
    }
}

binary_operator!(Sub, "SUB", TYPES, |dtype| dtype, Calibrated, activation);
