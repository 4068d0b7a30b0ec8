//! MUL: `y = act(a * b)` with broadcasting.

use smidgen_kernels::ops::mul;

use super::Activation;
use super::binary::{
    binary_operator, clamped_spec, integer_activation_range, no_kernel, relative, relative_spec, scales,
    shapes,
};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::scales::{channel_multiplier, float_activation_range};
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16, DType::I32, DType::I64];

/// Attributes of MUL. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mul {
    /// Fused activation.
    pub activation: Activation,
}

impl Mul {
    fn kernel(&self, operands: &Operands<'_>, output: &Tensor) -> Result<Kernel, String> {
        let (shapes, act) = (shapes(operands)?, self.activation);
        // CalculateOpDataMul: the product and the quotient of the scales are double.
        let multiplier = || scales(operands, output).and_then(|[a, b, to]| channel_multiplier(a, b, to));
        Ok(match output.dtype {
            DType::F32 => {
                Kernel::MulFloat32(clamped_spec!(mul::Float32Spec, shapes, float_activation_range(act)))
            }
            DType::I8 => {
                let relative = relative(operands, output, act)?;
                Kernel::MulInt8(relative_spec!(mul::Int8Spec, shapes, multiplier()?, relative))
            }
            DType::I16 => {
                let relative = relative(operands, output, act)?;
                if relative.0 != [0; 3] {
                    let found = relative.0;
                    return Err(format!(
                        "its int16 operands and output must have zero point 0, found {found:?}"
                    ));
                }
                Kernel::MulInt16(relative_spec!(mul::Int16Spec, shapes, multiplier()?, relative))
            }
            DType::I32 => Kernel::MulInt32(clamped_spec!(
                mul::Int32Spec,
                shapes,
                integer_activation_range(act, i32::MIN, i32::MAX)
            )),
            DType::I64 => Kernel::MulInt64(clamped_spec!(
                mul::Int64Spec,
                shapes,
                integer_activation_range(act, i64::MIN, i64::MAX)
            )),
            other => return Err(no_kernel(other)),
        })
    }
}

binary_operator!(Mul, "MUL", TYPES, |dtype| dtype, Calibrated, activation);
