//! RELU6: `y = min(max(x, 0), 6)`.
//!
//! TFLM clamps the int8 input and never looks at the output's scale, so that its result means something only when both
//! share scale and zero point: any other graph is refused. LiteRT rescales; a QUANTIZE after the RELU6 does the same.

use smidgen_kernels::ops::relu6;

use super::Activation;
use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, float_or_int8};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{activation_range, per_tensor, same_quant};
use crate::tensor::{DType, Tensor};

/// RELU6 has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Relu6;

fn int8_spec(input: &Tensor) -> Result<relu6::Int8Spec, String> {
    let (scale, zero_point) = per_tensor("input", input)?;
    let [act_min, act_max] = activation_range(Activation::Relu6, scale, zero_point)?;
    Ok(relu6::Int8Spec { len: input.n_elements(), act_min, act_max })
}

impl Operator for Relu6 {
    fn name() -> &'static str {
        "RELU6"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Relu6)
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
            int8_spec(operands.get(0)?)?;
        }
        same_quant("input", operands.get(0)?, output)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::SameAsInput
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
            Kernel::Relu6Int8(int8_spec(input)?)
        } else {
            Kernel::Relu6Float32(relu6::Float32Spec { len: input.n_elements() })
        };
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
