//! TANH: `y = tanh(x)`.

use smidgen_kernels::ops::tanh;

use super::logistic::{INT16_OUTPUT_SCALE, int8_scaling, int16_scaling};
use super::operator::OutputQuant;
use super::unary::{Lowered, Unary, fixed_quant, symmetric_scales};
use crate::kernel::Kernel;
use crate::scales::{Multiplier, per_tensor};
use crate::tensor::{DType, Quant, Tensor};

/// The int8 result covers [-1, 1) in steps of 1/128 (TFLite quantisation specification).
const OUTPUT_SCALE: f32 = 1.0 / 128.0;

/// TANH has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tanh;

impl Unary for Tanh {
    const NAME: &'static str = "TANH";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8, DType::I16];

    fn result_quant(&self) -> OutputQuant {
        OutputQuant::Fixed(Quant::per_tensor(OUTPUT_SCALE, 0))
    }

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        Ok(match input.dtype {
            DType::I8 => {
                fixed_quant(output, OUTPUT_SCALE, 0)?;
                let spec = int8_scaling(per_tensor("input", input)?)?;
                let table = tanh::int8_table(spec).map_err(|error| error.to_string())?;
                Lowered::int8(Kernel::TanhInt8(tanh::Int8Spec { len }), table)
            }
            DType::I16 => {
                fixed_quant(output, INT16_OUTPUT_SCALE, 0)?;
                let [scale, _] = symmetric_scales(input, output)?;
                let Multiplier { multiplier, shift } = int16_scaling(scale, 1)?;
                Kernel::TanhInt16(tanh::Int16Spec { len, input_multiplier: multiplier, input_shift: shift })
                    .into()
            }
            _ => Kernel::TanhFloat32(tanh::Float32Spec { len }).into(),
        })
    }
}
