//! GREATER: `y = a > b` with broadcasting; the result is a truth value.

use smidgen_kernels::ops::greater;

use super::binary::{binary_operator, no_kernel, plain_spec, shapes};
use super::comparison::quantized_spec;
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16, DType::I32, DType::I64];

/// GREATER has no attributes. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Greater;

impl Greater {
    fn kernel(&self, operands: &Operands<'_>, _output: &Tensor) -> Result<Kernel, String> {
        let spec = plain_spec!(greater, shapes(operands)?);
        Ok(match operands.get(0)?.dtype {
            DType::F32 => Kernel::GreaterFloat32(spec),
            DType::I8 => Kernel::GreaterInt8(quantized_spec(operands)?),
            DType::I16 => Kernel::GreaterInt16(quantized_spec(operands)?),
            DType::I32 => Kernel::GreaterInt32(spec),
            DType::I64 => Kernel::GreaterInt64(spec),
            other => return Err(no_kernel(other)),
        })
    }
}

binary_operator!(Greater, "GREATER", TYPES, |_| DType::Bool, NotQuantized);
