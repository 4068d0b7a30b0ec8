//! RSQRT: `y = 1 / sqrt(x)`. int16 is LiteRT's, TFLM has int8 and float.
//!
//! What has no root gives the largest value; TFLM and LiteRT stop at an input below the zero point.

use smidgen_kernels::ops::rsqrt;

use super::unary::{Lowered, Unary, symmetric_scales};
use crate::kernel::Kernel;
use crate::scales::{per_tensor, quantize_multiplier};
use crate::tables;
use crate::tensor::{DType, Tensor};

/// RSQRT has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rsqrt;

impl Unary for Rsqrt {
    const NAME: &'static str = "RSQRT";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8, DType::I16];

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        Ok(match input.dtype {
            DType::I8 => {
                let (input, output) = (per_tensor("input", input)?, per_tensor("output", output)?);
                // SetRsqrtOutputMultiplier.
                let quantized = quantize_multiplier(1.0 / (f64::from(input.0).sqrt() * f64::from(output.0)))?;
                let spec = rsqrt::TableSpec {
                    input_zero_point: input.1,
                    output_zero_point: output.1,
                    multiplier: quantized.multiplier,
                    shift: quantized.shift,
                };
                let table = rsqrt::int8_table(spec).map_err(|error| error.to_string())?;
                Lowered::int8(Kernel::RsqrtInt8(rsqrt::Int8Spec { len }), table)
            }
            DType::I16 => {
                let [input, output] = symmetric_scales(input, output)?;
                let largest = 32_767.0 * output;
                let table = tables::int16(input, output, |x| if x <= 0.0 { largest } else { 1.0 / x.sqrt() });
                Lowered::int16(Kernel::RsqrtInt16(rsqrt::Int16Spec { len }), [("table", table)])
            }
            _ => Kernel::RsqrtFloat32(rsqrt::Float32Spec { len }).into(),
        })
    }
}
