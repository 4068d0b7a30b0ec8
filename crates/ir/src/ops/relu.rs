//! RELU: `y = max(x, 0)`.

use smidgen_kernels::ops::relu;

use super::Activation;
use super::unary::{Lowered, Unary, symmetric_scales};
use crate::kernel::Kernel;
use crate::scales::{activation_range, per_tensor, rescale_multiplier};
use crate::tensor::{DType, Tensor};

/// RELU has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Relu;

/// CalculateReluOpData, for these bounds.
pub(super) fn int8_spec(
    activation: Activation,
    input: &Tensor,
    output: &Tensor,
) -> Result<relu::Int8Spec, String> {
    let (input_scale, input_zero_point) = per_tensor("input", input)?;
    let (output_scale, output_zero_point) = per_tensor("output", output)?;
    let quantized = rescale_multiplier(input_scale, output_scale)?;
    let [act_min, act_max] = activation_range(activation, output_scale, output_zero_point)?;
    Ok(relu::Int8Spec {
        len: input.n_elements(),
        input_zero_point,
        output_zero_point,
        multiplier: quantized.multiplier,
        shift: quantized.shift,
        act_min,
        act_max,
    })
}

impl Unary for Relu {
    const NAME: &'static str = "RELU";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8, DType::I16];

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        Ok(match input.dtype {
            DType::I8 => Kernel::ReluInt8(int8_spec(Activation::Relu, input, output)?).into(),
            DType::I16 => {
                let [input, output] = symmetric_scales(input, output)?;
                let quantized = rescale_multiplier(input, output)?;
                let spec = relu::Int16Spec { len, multiplier: quantized.multiplier, shift: quantized.shift };
                Kernel::ReluInt16(spec).into()
            }
            _ => Kernel::ReluFloat32(relu::Float32Spec { len }).into(),
        })
    }
}
