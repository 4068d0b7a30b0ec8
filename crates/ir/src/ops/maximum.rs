//! MAXIMUM: the larger of `a` and `b` with broadcasting.

use smidgen_kernels::ops::maximum;

use super::binary::{binary_operator, no_kernel, plain_spec, shapes};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::scales::same_quant;
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16, DType::I32, DType::I64];

/// MAXIMUM has no attributes. Inputs: a, b, quantised alike.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Maximum;

impl Maximum {
    fn kernel(&self, operands: &Operands<'_>, output: &Tensor) -> Result<Kernel, String> {
        for at in 0..2 {
            same_quant(operands.name(at), operands.get(at)?, output)?;
        }
        let spec = plain_spec!(maximum, shapes(operands)?);
        Ok(match output.dtype {
            DType::F32 => Kernel::MaximumFloat32(spec),
            DType::I8 => Kernel::MaximumInt8(spec),
            DType::I16 => Kernel::MaximumInt16(spec),
            DType::I32 => Kernel::MaximumInt32(spec),
            DType::I64 => Kernel::MaximumInt64(spec),
            other => return Err(no_kernel(other)),
        })
    }
}

binary_operator!(Maximum, "MAXIMUM", TYPES, |dtype| dtype, SameAsInput);
