//! SUB: `y = act(a - b)` with broadcasting.

use smidgen_kernels::ops::sub;

use super::Activation;
use super::binary::{
    Rescaled, binary_operator, clamped_spec, integer_activation_range, no_kernel, rescaled_spec, scales,
    shapes,
};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::scales::{float_activation_range, quantize_multiplier_below_one};
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16, DType::I32, DType::I64];

/// Attributes of SUB. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sub {
    /// Fused activation.
    pub activation: Activation,
}

impl Sub {
    fn kernel(&self, operands: &Operands<'_>, output: &Tensor) -> Result<Kernel, String> {
        let (shapes, act) = (shapes(operands)?, self.activation);
        Ok(match output.dtype {
            DType::F32 => {
                Kernel::SubFloat32(clamped_spec!(sub::Float32Spec, shapes, float_activation_range(act)))
            }
            DType::I8 => {
                Kernel::SubInt8(rescaled_spec!(sub::Int8Spec, shapes, self.rescaled(operands, output, 20)?))
            }
            DType::I16 => {
                Kernel::SubInt16(rescaled_spec!(sub::Int16Spec, shapes, self.rescaled(operands, output, 15)?))
            }
            DType::I32 => Kernel::SubInt32(clamped_spec!(
                sub::Int32Spec,
                shapes,
                integer_activation_range(act, i32::MIN, i32::MAX)
            )),
            DType::I64 => Kernel::SubInt64(clamped_spec!(
                sub::Int64Spec,
                shapes,
                integer_activation_range(act, i64::MIN, i64::MAX)
            )),
            other => return Err(no_kernel(other)),
        })
    }

    /// CalculateOpDataSub of the TFLM that makes the goldens: all in double, as in ADD.
    fn rescaled(
        &self,
        operands: &Operands<'_>,
        output: &Tensor,
        left_shift: i32,
    ) -> Result<Rescaled, String> {
        let [a, b, to] = scales(operands, output)?;
        let twice_max = 2.0 * f64::from(a.max(b));
        let reals = [f64::from(a) / twice_max, f64::from(b) / twice_max];
        let real = twice_max / (f64::from(1 << left_shift) * f64::from(to));
        Rescaled::new(
            operands,
            output,
            left_shift,
            reals,
            quantize_multiplier_below_one(real)?,
            self.activation,
        )
    }
}

binary_operator!(Sub, "SUB", TYPES, |dtype| dtype, Calibrated, activation);
