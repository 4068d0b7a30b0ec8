//! RELU: `y = max(x, 0)`.

use smidgen_kernels::ops::relu;

use super::Activation;
use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, float_or_int8};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{activation_range, per_tensor, rescale_multiplier};
use crate::tensor::{DType, Tensor};

/// RELU has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Relu;

fn int8_spec(input: &Tensor, output: &Tensor) -> Result<relu::Int8Spec, String> {
    let (input_scale, input_zero_point) = per_tensor("input", input)?;
    let (output_scale, output_zero_point) = per_tensor("output", output)?;
    let quantized = rescale_multiplier(input_scale, output_scale)?;
    let [act_min, act_max] = activation_range(Activation::Relu, output_scale, output_zero_point)?;
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

impl Operator for Relu {
    fn name() -> &'static str {
        "RELU"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Relu)
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        float_or_int8("input", input)?;
        Ok(vec![TensorType::of(input)])
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let output = results.get(0)?;
        if output.dtype == DType::I8 {
            int8_spec(operands.get(0)?, output)?;
        }
        Ok(())
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::Calibrated
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let output = results.get(0)?;
        let input = operands.get(0)?;
        let kernel = if output.dtype == DType::I8 {
            Kernel::ReluInt8(int8_spec(input, output)?)
        } else {
            Kernel::ReluFloat32(relu::Float32Spec { len: input.n_elements() })
        };
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
