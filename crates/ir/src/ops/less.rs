//! LESS: `y = a < b` with broadcasting; the result is a truth value.

use smidgen_kernels::ops::less;

use super::binary::{binary_operator, no_kernel, plain_spec, shapes};
use super::comparison::quantized_spec;
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I32, DType::I64];

/// LESS has no attributes. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Less;

impl Less {
    fn kernel(&self, operands: &Operands<'_>, _output: &Tensor) -> Result<Kernel, String> {
        let spec = plain_spec!(less, shapes(operands)?);
        Ok(match operands.get(0)?.dtype {
            DType::F32 => Kernel::LessFloat32(spec),
            DType::I8 => Kernel::LessInt8(quantized_spec(operands)?),
            DType::I32 => Kernel::LessInt32(spec),
            DType::I64 => Kernel::LessInt64(spec),
            other => return Err(no_kernel(other)),
        })
    }
}

binary_operator!(Less, "LESS", TYPES, |_| DType::Bool, NotQuantized);
