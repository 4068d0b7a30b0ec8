//! HARD_SWISH: `y = x * min(max(x + 3, 0), 6) / 6`.

use smidgen_kernels::ops::hard_swish;

use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::scales::{Multiplier, per_tensor, quantize_multiplier};
use crate::tensor::{DType, Tensor};

/// HARD_SWISH has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HardSwish;

/// QuantizeMultiplier and DownScaleInt32ToInt16Multiplier.
fn multiplier_15(real: f32) -> Result<Multiplier, String> {
    const HALF: i32 = 1 << 15;
    let Multiplier { multiplier, shift } = quantize_multiplier(real.into())?;
    let multiplier = if multiplier >= i32::MAX - HALF { 32_767 } else { (multiplier + HALF) >> 16 };
    Ok(Multiplier { multiplier, shift })
}

/// HardSwishPrepare: all products in single precision.
fn scaling(input: (f32, i32), output: (f32, i32)) -> Result<hard_swish::TableSpec, String> {
    let fine_scale = 1.0 / 128.0 * input.0;
    let scale = multiplier_15(fine_scale / output.0)?;
    if scale.shift > 0 {
        return Err(format!(
            "its input scale {:?} must be less than 128 times its output scale {:?}",
            input.0, output.0
        ));
    }
    let gate = multiplier_15(fine_scale / (3.0 / 32_768.0))?;
    Ok(hard_swish::TableSpec {
        input_zero_point: input.1,
        output_zero_point: output.1,
        output_multiplier: scale.multiplier,
        output_shift: scale.shift,
        gate_multiplier: gate.multiplier,
        gate_shift: gate.shift,
    })
}

impl Unary for HardSwish {
    const NAME: &'static str = "HARD_SWISH";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8];

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        Ok(match input.dtype {
            DType::I8 => {
                let spec = scaling(per_tensor("input", input)?, per_tensor("output", output)?)?;
                let table = hard_swish::int8_table(spec).map_err(|error| error.to_string())?;
                Lowered::int8(Kernel::HardSwishInt8(hard_swish::Int8Spec { len }), table)
            }
            _ => Kernel::HardSwishFloat32(hard_swish::Float32Spec { len }).into(),
        })
    }
}
