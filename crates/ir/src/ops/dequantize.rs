//! DEQUANTIZE: `y = scale * (x - zero_point)`; float16 is widened as it is.

use smidgen_kernels::ops::dequantize;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::per_tensor;
use crate::tensor::{DType, Tensor};

/// DEQUANTIZE has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dequantize;

fn kernel(input: &Tensor) -> Result<Kernel, String> {
    let len = input.n_elements();
    if input.dtype == DType::F16 {
        return Ok(Kernel::DequantizeFloat16(dequantize::Float16Spec { len }));
    }
    let (scale, zero_point) = per_tensor("input", input)?;
    Ok(match input.dtype {
        DType::I16 => Kernel::DequantizeInt16(dequantize::Int16Spec { len, scale, zero_point }),
        DType::U8 => Kernel::DequantizeUint8(dequantize::Uint8Spec { len, scale, zero_point }),
        _ => Kernel::DequantizeInt8(dequantize::Int8Spec { len, scale, zero_point }),
    })
}

impl Operator for Dequantize {
    fn name() -> &'static str {
        "DEQUANTIZE"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Dequantize)
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        if !matches!(input.dtype, DType::I8 | DType::U8 | DType::I16 | DType::F16) {
            let found = input.dtype.name();
            return Err(format!("its input must be int8, uint8, int16 or float16, found {found}"));
        }
        Ok(TensorType::one(DType::F32, input.shape.clone()))
    }

    fn quant(&self, operands: &Operands<'_>, _results: &Results<'_>) -> Result<(), String> {
        kernel(operands.get(0)?).map(|_| ())
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::NotQuantized
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let kernel = kernel(operands.get(0)?)?;
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
