//! RSQRT: `y = 1 / sqrt(x)`.
//!
//! What has no root gives the largest value; TFLM stops at an input below the zero point. LiteRT interpolates int16 in a
//! table; TFLM, which is followed here, computes it.

use smidgen_kernels::ops::rsqrt;

use super::unary::{Lowered, Unary, symmetric_scales};
use crate::kernel::Kernel;
use crate::scales::{Multiplier, per_tensor, quantize_multiplier};
use crate::tensor::{DType, Tensor};

/// RSQRT has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rsqrt;

/// SetRsqrtOutputMultiplier.
fn scaling(input: f32, output: f32) -> Result<Multiplier, String> {
    quantize_multiplier(1.0 / (f64::from(input).sqrt() * f64::from(output)))
}

impl Unary for Rsqrt {
    const NAME: &'static str = "RSQRT";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8, DType::I16];

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        Ok(match input.dtype {
            DType::I8 => {
                let (input, output) = (per_tensor("input", input)?, per_tensor("output", output)?);
                let quantized = scaling(input.0, output.0)?;
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
                let quantized = scaling(input, output)?;
                let spec = rsqrt::Int16Spec { len, multiplier: quantized.multiplier, shift: quantized.shift };
                Kernel::RsqrtInt16(spec).into()
            }
            _ => Kernel::RsqrtFloat32(rsqrt::Float32Spec { len }).into(),
        })
    }
}
