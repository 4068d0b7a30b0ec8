//! FLOOR_DIV: `y = floor(a / b)` with broadcasting.

use smidgen_kernels::ops::floor_div;

use super::binary::{binary_operator, no_kernel, plain_spec, shapes};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I32];

/// FLOOR_DIV has no attributes. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FloorDiv;

impl FloorDiv {
    fn kernel(&self, operands: &Operands<'_>, output: &Tensor) -> Result<Kernel, String> {
        let spec = plain_spec!(floor_div, shapes(operands)?);
        Ok(match output.dtype {
            DType::F32 => Kernel::FloorDivFloat32(spec),
            DType::I32 => Kernel::FloorDivInt32(spec),
            other => return Err(no_kernel(other)),
        })
    }
}

binary_operator!(FloorDiv, "FLOOR_DIV", TYPES, |dtype| dtype, NotQuantized);
