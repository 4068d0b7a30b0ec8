//! LOGICAL_AND: `y = a && b` of truth values with broadcasting.

use smidgen_kernels::ops::logical_and;

use super::binary::{binary_operator, plain_spec, shapes};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// LOGICAL_AND has no attributes. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogicalAnd;

impl LogicalAnd {
    fn kernel(&self, operands: &Operands<'_>, _output: &Tensor) -> Result<Kernel, String> {
        Ok(Kernel::LogicalAndBool(plain_spec!(logical_and, shapes(operands)?)))
    }
}

binary_operator!(LogicalAnd, "LOGICAL_AND", &[DType::Bool], |dtype| dtype, NotQuantized);
