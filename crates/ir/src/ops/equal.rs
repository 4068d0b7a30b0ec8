//! EQUAL: `y = a == b` with broadcasting; the result is a truth value.

use smidgen_kernels::ops::equal;

use super::binary::{binary_operator, no_kernel, plain_spec, shapes};
use super::comparison::quantized_spec;
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I32, DType::I64, DType::Bool];

/// EQUAL has no attributes. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Equal;

impl Equal {
    fn kernel(&self, operands: &Operands<'_>, _output: &Tensor) -> Result<Kernel, String> {
        let spec = plain_spec!(equal, shapes(operands)?);
        Ok(match operands.get(0)?.dtype {
            DType::F32 => Kernel::EqualFloat32(spec),
            DType::I8 => Kernel::EqualInt8(quantized_spec(operands)?),
            DType::I32 => Kernel::EqualInt32(spec),
            DType::I64 => Kernel::EqualInt64(spec),
            DType::Bool => Kernel::EqualBool(spec),
            other => return Err(no_kernel(other)),
        })
    }
}

binary_operator!(Equal, "EQUAL", TYPES, |_| DType::Bool, NotQuantized);
