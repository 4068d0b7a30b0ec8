//! LOGICAL_OR: `y = a || b` of truth values with broadcasting.

use smidgen_kernels::ops::logical_or;

use super::binary::{binary_operator, plain_spec, shapes};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// LOGICAL_OR has no attributes. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogicalOr;

impl LogicalOr {
    fn kernel(&self, operands: &Operands<'_>, _output: &Tensor) -> Result<Kernel, String> {
        Ok(Kernel::LogicalOrBool(plain_spec!(logical_or, shapes(operands)?)))
    }
}

binary_operator!(LogicalOr, "LOGICAL_OR", &[DType::Bool], |dtype| dtype, NotQuantized);
