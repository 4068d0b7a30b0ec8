//! SQUARED_DIFFERENCE: `y = (a - b)^2` with broadcasting.

use smidgen_kernels::ops::squared_difference;

use super::Activation;
use super::binary::{Rescaled, binary_operator, no_kernel, plain_spec, rescaled_spec, scales, shapes};
use super::operator::Operands;
use crate::kernel::Kernel;
use crate::scales::quantize_multiplier;
use crate::tensor::{DType, Tensor};

/// Element types of the operands.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16, DType::I32];

/// SQUARED_DIFFERENCE has no attributes. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SquaredDifference;

impl SquaredDifference {
    fn kernel(&self, operands: &Operands<'_>, output: &Tensor) -> Result<Kernel, String> {
        let shapes = shapes(operands)?;
        Ok(match output.dtype {
            DType::F32 => Kernel::SquaredDifferenceFloat32(plain_spec!(squared_difference, shapes)),
            DType::I8 => {
                let rescaled = rescaled(operands, output, 7)?;
                Kernel::SquaredDifferenceInt8(rescaled_spec!(squared_difference::Int8Spec, shapes, rescaled))
            }
            DType::I16 => {
                let rescaled = rescaled(operands, output, 0)?;
                if rescaled.zero_points != [0; 3] {
                    let found = rescaled.zero_points;
                    return Err(format!(
                        "its int16 operands and output must have zero point 0, found {found:?}"
                    ));
                }
                Kernel::SquaredDifferenceInt16(rescaled_spec!(
                    squared_difference::Int16Spec,
                    shapes,
                    rescaled
                ))
            }
            DType::I32 => Kernel::SquaredDifferenceInt32(plain_spec!(squared_difference, shapes)),
            other => return Err(no_kernel(other)),
        })
    }
}

/// PrepareQuantized of SQUARED_DIFFERENCE: only the output's scale, shifted left, is a float product.
fn rescaled(operands: &Operands<'_>, output: &Tensor, left_shift: i32) -> Result<Rescaled, String> {
    let [a, b, to] = scales(operands, output)?;
    let twice_max = 2.0 * f64::from(a.max(b));
    let reals = [f64::from(a) / twice_max, f64::from(b) / twice_max];
    let real = twice_max * twice_max / f64::from((1 << (left_shift * 2)) as f32 * to);
    Rescaled::new(operands, output, left_shift, reals, quantize_multiplier(real)?, Activation::None)
}

binary_operator!(SquaredDifference, "SQUARED_DIFFERENCE", TYPES, |dtype| dtype, Calibrated);
