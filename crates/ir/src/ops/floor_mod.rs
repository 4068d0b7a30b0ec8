//! FLOOR_MOD: `y = a - floor(a / b) * b` with broadcasting.

use smidgen_kernels::ops::floor_mod;

use super::binary::{binary_operator, no_kernel, plain_spec, shapes};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I32, DType::I64];

/// FLOOR_MOD has no attributes. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FloorMod;

impl FloorMod {
    fn kernel(&self, operands: &Operands<'_>, output: &Tensor) -> Result<Kernel, String> {
        let spec = plain_spec!(floor_mod, shapes(operands)?);
        Ok(match output.dtype {
            DType::F32 => Kernel::FloorModFloat32(spec),
            DType::I32 => Kernel::FloorModInt32(spec),
            DType::I64 => Kernel::FloorModInt64(spec),
            other => return Err(no_kernel(other)),
        })
    }
}

binary_operator!(FloorMod, "FLOOR_MOD", TYPES, |dtype| dtype, NotQuantized);
