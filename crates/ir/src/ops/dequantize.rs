//! DEQUANTIZE: `y = scale * (x - zero_point)`.

use smidgen_kernels::ops::dequantize;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::per_tensor;
use crate::tensor::DType;

/// DEQUANTIZE has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dequantize;

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
        if input.dtype != DType::I8 {
            return Err(format!("its input must be int8, found {}", input.dtype.name()));
        }
        Ok(TensorType::one(DType::F32, input.shape.clone()))
    }

    fn quant(&self, operands: &Operands<'_>, _results: &Results<'_>) -> Result<(), String> {
        per_tensor("input", operands.get(0)?).map(|_| ())
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
        let input = operands.get(0)?;
        let (scale, zero_point) = per_tensor("input", input)?;
        let spec = dequantize::Int8Spec { len: input.n_elements(), scale, zero_point };
        let arguments = vec![to.operand(0)];
        to.call(Kernel::DequantizeInt8(spec), arguments)
    }
}
