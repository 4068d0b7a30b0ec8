//! LESS_EQUAL: `y = a <= b` with broadcasting; the result is a truth value.

use smidgen_kernels::ops::less_equal;

use super::binary::{binary_operator, no_kernel, plain_spec, shapes};
use super::comparison::quantized_spec;
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I32, DType::I64];

/// LESS_EQUAL has no attributes. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LessEqual;

impl LessEqual {
    fn kernel(&self, operands: &Operands<'_>, _output: &Tensor) -> Result<Kernel, String> {
        let spec = plain_spec!(less_equal, shapes(operands)?);
        Ok(match operands.get(0)?.dtype {
            DType::F32 => Kernel::LessEqualFloat32(spec),
            DType::I8 => Kernel::LessEqualInt8(quantized_spec(operands)?),
            DType::I32 => Kernel::LessEqualInt32(spec),
            DType::I64 => Kernel::LessEqualInt64(spec),
            other => return Err(no_kernel(other)),
        })
    }
}

binary_operator!(LessEqual, "LESS_EQUAL", TYPES, |_| DType::Bool, NotQuantized);
