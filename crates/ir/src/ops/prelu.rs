//! PRELU: `y = x` where `x >= 0`, else `y = alpha * x`; an extent of 1 of alpha stretches.

use smidgen_kernels::ops::prelu;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, rank_6};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{per_tensor, quantize_multiplier, rescale_multiplier};
use crate::tensor::{DType, Tensor};

/// PRELU has no attributes. Inputs: x, alpha.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prelu;

/// CalculatePreluParams: quotients and products in double precision.
fn quantised(input: &Tensor, alpha: &Tensor, output: &Tensor) -> Result<prelu::Int8Spec, String> {
    let (input_scale, input_zero_point) = per_tensor("input", input)?;
    let (alpha_scale, alpha_zero_point) = per_tensor("alpha", alpha)?;
    let (output_scale, output_zero_point) = per_tensor("output", output)?;
    let identity = rescale_multiplier(input_scale, output_scale)?;
    let slope =
        quantize_multiplier(f64::from(input_scale) * f64::from(alpha_scale) / f64::from(output_scale))?;
    Ok(prelu::Int8Spec {
        input_shape: rank_6("input", &input.shape)?,
        alpha_shape: rank_6("alpha", &alpha.shape)?,
        input_zero_point,
        alpha_zero_point,
        output_zero_point,
        identity_multiplier: identity.multiplier,
        identity_shift: identity.shift,
        alpha_multiplier: slope.multiplier,
        alpha_shift: slope.shift,
    })
}

fn kernel(input: &Tensor, alpha: &Tensor, output: &Tensor) -> Result<Kernel, String> {
    Ok(match input.dtype {
        DType::I8 => Kernel::PreluInt8(quantised(input, alpha, output)?),
        DType::I16 => Kernel::PreluInt16(quantised(input, alpha, output)?),
        _ => Kernel::PreluFloat32(prelu::Float32Spec {
            input_shape: rank_6("input", &input.shape)?,
            alpha_shape: rank_6("alpha", &alpha.shape)?,
        }),
    })
}

impl Operator for Prelu {
    fn name() -> &'static str {
        "PRELU"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Prelu)
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "alpha"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let (input, alpha) = (operands.get(0)?, operands.get(1)?);
        let wanted = match input.dtype {
            DType::F32 => DType::F32,
            DType::I8 | DType::I16 => DType::I8,
            other => {
                return Err(format!("its input must be float32 or int8 or int16, found {}", other.name()));
            }
        };
        if alpha.dtype != wanted {
            let (input, wanted, found) = (input.dtype.name(), wanted.name(), alpha.dtype.name());
            return Err(format!("its alpha must be {wanted} beside an {input} input, found {found}"));
        }
        let (shape, stretched) = (rank_6("input", &input.shape)?, rank_6("alpha", &alpha.shape)?);
        if stretched.iter().zip(&shape).any(|(&alpha, &input)| alpha != 1 && alpha != input) {
            let (input, alpha) = (&input.shape, &alpha.shape);
            return Err(format!("its alpha must stretch to the input {input:?}, found shape {alpha:?}"));
        }
        Ok(vec![TensorType::of(input)])
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        kernel(operands.get(0)?, operands.get(1)?, results.get(0)?).map(|_| ())
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
        let kernel = kernel(operands.get(0)?, operands.get(1)?, results.get(0)?)?;
        let arguments = vec![to.operand(0), to.operand(1)];
        to.call(kernel, arguments)
    }
}
