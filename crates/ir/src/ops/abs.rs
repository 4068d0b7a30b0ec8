//! ABS: `y = |x|`.

use smidgen_kernels::ops::abs;

use super::unary::{Lowered, Unary, symmetric_scales};
use crate::kernel::Kernel;
use crate::scales::{per_tensor, rescale_multiplier};
use crate::tensor::{DType, Tensor};

/// ABS has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Abs;

impl Unary for Abs {
    const NAME: &'static str = "ABS";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8, DType::I16];

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        Ok(match input.dtype {
            DType::I8 => {
                let (input, output) = (per_tensor("input", input)?, per_tensor("output", output)?);
                let rescale = if input.0 == output.0 {
                    None
                } else {
                    let quantized = rescale_multiplier(input.0, output.0)?;
                    Some((quantized.multiplier, quantized.shift))
                };
                let spec = abs::TableSpec { input_zero_point: input.1, output_zero_point: output.1, rescale };
                let table = abs::int8_table(spec).map_err(|error| error.to_string())?;
                Lowered::int8(Kernel::AbsInt8(abs::Int8Spec { len }), table)
            }
            DType::I16 => {
                let [input, output] = symmetric_scales(input, output)?;
                let quantized = rescale_multiplier(input, output)?;
                let spec = abs::Int16Spec { len, multiplier: quantized.multiplier, shift: quantized.shift };
                Kernel::AbsInt16(spec).into()
            }
            _ => Kernel::AbsFloat32(abs::Float32Spec { len }).into(),
        })
    }
}
