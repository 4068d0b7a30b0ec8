//! DIV: `y = act(a / b)` with broadcasting.

use smidgen_kernels::ops::div;

use super::Activation;
use super::binary::{
    binary_operator, clamped_spec, integer_activation_range, no_kernel, relative, relative_spec, scales,
    shapes,
};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::scales::{float_activation_range, quantize_multiplier};
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I32];

/// Attributes of DIV. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Div {
    /// Fused activation.
    pub activation: Activation,
}

impl Div {
    fn kernel(&self, operands: &Operands<'_>, output: &Tensor) -> Result<Kernel, String> {
        let (shapes, act) = (shapes(operands)?, self.activation);
        Ok(match output.dtype {
            DType::F32 => {
                Kernel::DivFloat32(clamped_spec!(div::Float32Spec, shapes, float_activation_range(act)))
            }
            DType::I8 => {
                // CalculateOpDataDiv: product and quotient of the scales are rounded to float.
                let [a, b, to] = scales(operands, output)?;
                let multiplier = quantize_multiplier(f64::from(a / (b * to)))?;
                let relative = relative(operands, output, act)?;
                Kernel::DivInt8(relative_spec!(div::Int8Spec, shapes, multiplier, relative))
            }
            DType::I32 => Kernel::DivInt32(clamped_spec!(
                div::Int32Spec,
                shapes,
                integer_activation_range(act, i32::MIN, i32::MAX)
            )),
            other => return Err(no_kernel(other)),
        })
    }
}

binary_operator!(Div, "DIV", TYPES, |dtype| dtype, Calibrated, activation);
