//! L2_NORMALIZATION: `y = x / sqrt(sum of x²)` over the last axis.

use smidgen_kernels::ops::l2_normalization::{Float32Spec, Int8Spec};

use super::operator::OutputQuant;
use super::unary::{Lowered, Unary, fixed_quant, rows};
use crate::kernel::Kernel;
use crate::scales::per_tensor;
use crate::tensor::{DType, Quant, Tensor};

/// The int8 result covers [-1, 1) in steps of 1/128 (TFLite quantisation specification).
const OUTPUT_SCALE: f32 = 1.0 / 128.0;

/// L2_NORMALIZATION has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct L2Normalization;

impl Unary for L2Normalization {
    const NAME: &'static str = "L2_NORMALIZATION";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8];

    fn check(&self, input: &Tensor) -> Result<(), String> {
        rows(input).map(|_| ())
    }

    fn result_quant(&self) -> OutputQuant {
        OutputQuant::Fixed(Quant::per_tensor(OUTPUT_SCALE, 0))
    }

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let (rows, depth) = rows(input)?;
        Ok(match input.dtype {
            DType::I8 => {
                fixed_quant(output, OUTPUT_SCALE, 0)?;
                let (_, input_zero_point) = per_tensor("input", input)?;
                Kernel::L2NormalizationInt8(Int8Spec { rows, depth, input_zero_point }).into()
            }
            _ => Kernel::L2NormalizationFloat32(Float32Spec { rows, depth }).into(),
        })
    }
}
