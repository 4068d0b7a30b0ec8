//! QUANTIZE: float32 to int8, or int8 to int8 with another scale and zero point.

use smidgen_kernels::ops::quantize;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, float_or_int8};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{per_tensor, rescale_multiplier};
use crate::tensor::{DType, Tensor};

/// QUANTIZE has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quantize;

fn kernel(input: &Tensor, output: &Tensor) -> Result<Kernel, String> {
    let len = input.n_elements();
    let (output_scale, output_zero_point) = per_tensor("output", output)?;
    if input.dtype == DType::F32 {
        let spec = quantize::Float32ToInt8Spec { len, scale: output_scale, zero_point: output_zero_point };
        return Ok(Kernel::QuantizeFloat32ToInt8(spec));
    }
    let (input_scale, input_zero_point) = per_tensor("input", input)?;
    let quantized = rescale_multiplier(input_scale, output_scale)?;
    Ok(Kernel::QuantizeInt8(quantize::Int8Spec {
        len,
        input_zero_point,
        output_zero_point,
        multiplier: quantized.multiplier,
        shift: quantized.shift,
    }))
}

impl Operator for Quantize {
    fn name() -> &'static str {
        "QUANTIZE"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Quantize)
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        float_or_int8("input", input)?;
        Ok(TensorType::one(DType::I8, input.shape.clone()))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let output = results.get(0)?;
        kernel(operands.get(0)?, output).map(|_| ())
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
        let kernel = kernel(operands.get(0)?, output)?;
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
