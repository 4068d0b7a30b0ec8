//! RELU6: `y = min(max(x, 0), 6)`.
//!
//! TFLM clamps the quantised input and never looks at the output's scale, so that its result means something only when both
//! share scale and zero point: any other graph is refused. LiteRT rescales; a QUANTIZE after the RELU6 does the same.

use smidgen_kernels::ops::relu6;

use super::Activation;
use super::operator::OutputQuant;
use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::scales::{activation_range, per_tensor, same_quant};
use crate::tensor::{DType, Tensor};

/// RELU6 has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Relu6;

/// FloatToQuantizedType of 0 and 6 for int16.
fn int16_spec(input: &Tensor) -> Result<relu6::Int16Spec, String> {
    let (scale, zero_point) = per_tensor("input", input)?;
    // The cast saturates.
    let six = ((6.0 / scale).round() as i32).saturating_add(zero_point).min(i16::MAX.into());
    Ok(relu6::Int16Spec { len: input.n_elements(), act_min: zero_point, act_max: six })
}

impl Unary for Relu6 {
    const NAME: &'static str = "RELU6";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8, DType::I16];

    fn result_quant(&self) -> OutputQuant {
        OutputQuant::SameAsInput
    }

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        if input.dtype == DType::F32 {
            return Ok(Kernel::Relu6Float32(relu6::Float32Spec { len }).into());
        }
        same_quant("input", input, output)?;
        if input.dtype == DType::I16 {
            return Ok(Kernel::Relu6Int16(int16_spec(input)?).into());
        }
        let (scale, zero_point) = per_tensor("input", input)?;
        let [act_min, act_max] = activation_range(Activation::Relu6, scale, zero_point)?;
        Ok(Kernel::Relu6Int8(relu6::Int8Spec { len, act_min, act_max }).into())
    }
}
