//! POW: `y = a^b` with broadcasting.

use smidgen_kernels::ops::pow;

use super::binary::{binary_operator, no_kernel, plain_spec, shapes};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I32];

/// POW has no attributes. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pow;

impl Pow {
    fn kernel(&self, operands: &Operands<'_>, output: &Tensor) -> Result<Kernel, String> {
        let spec = plain_spec!(pow, shapes(operands)?);
        Ok(match output.dtype {
            DType::F32 => Kernel::PowFloat32(spec),
            DType::I32 => Kernel::PowInt32(spec),
            other => return Err(no_kernel(other)),
        })
    }
}

binary_operator!(Pow, "POW", TYPES, |dtype| dtype, NotQuantized);
