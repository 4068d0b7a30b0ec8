//! ELU: `y = x` where `x >= 0`, else `y = exp(x) - 1`.

use smidgen_kernels::ops::elu;

use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::scales::per_tensor;
use crate::tables;
use crate::tensor::{DType, Tensor};

/// ELU has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Elu;

impl Unary for Elu {
    const NAME: &'static str = "ELU";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8];

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        Ok(match input.dtype {
            DType::I8 => {
                let (input, output) = (per_tensor("input", input)?, per_tensor("output", output)?);
                let table = tables::int8(input, output, |x| if x < 0.0 { tables::exp(x) - 1.0 } else { x });
                Lowered::int8(Kernel::EluInt8(elu::Int8Spec { len }), table)
            }
            _ => Kernel::EluFloat32(elu::Float32Spec { len }).into(),
        })
    }
}
