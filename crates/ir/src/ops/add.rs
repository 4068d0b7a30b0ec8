//! ADD: `y = act(a + b)` with broadcasting.

use smidgen_kernels::ops::add;

use super::Activation;
use super::binary::{binary_operator, sum_kernel};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16, DType::I32, DType::I64];

/// Attributes of ADD. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Add {
    /// Fused activation.
    pub activation: Activation,
}

impl Add {
    fn kernel(&self, operands: &Operands<'_>, output: &Tensor) -> Result<Kernel, String> {
        let act = self.activation;
        sum_kernel!(add, operands, output, act, AddFloat32, AddInt8, AddInt16, AddInt32, AddInt64)
    }
}

binary_operator!(Add, "ADD", TYPES, |dtype| dtype, Calibrated, activation);
