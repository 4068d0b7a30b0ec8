//! MINIMUM: the smaller of `a` and `b` with broadcasting.

use smidgen_kernels::ops::minimum;

use super::binary::{binary_operator, no_kernel, plain_spec, shapes};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::scales::same_quant;
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16, DType::I32, DType::I64];

/// MINIMUM has no attributes. Inputs: a, b, quantised alike.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Minimum;

impl Minimum {
    fn kernel(&self, operands: &Operands<'_>, output: &Tensor) -> Result<Kernel, String> {
        for at in 0..2 {
            same_quant(operands.name(at), operands.get(at)?, output)?;
        }
        let spec = plain_spec!(minimum, shapes(operands)?);
        Ok(match output.dtype {
            DType::F32 => Kernel::MinimumFloat32(spec),
            DType::I8 => Kernel::MinimumInt8(spec),
            DType::I16 => Kernel::MinimumInt16(spec),
            DType::I32 => Kernel::MinimumInt32(spec),
            DType::I64 => Kernel::MinimumInt64(spec),
            other => return Err(no_kernel(other)),
        })
    }
}

binary_operator!(Minimum, "MINIMUM", TYPES, |dtype| dtype, SameAsInput);
