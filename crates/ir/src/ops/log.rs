//! LOG: `y` is the natural logarithm of `x`. TFLM has it in float only; int8 and int16 are LiteRT's.
//!
//! What has no logarithm gives the lowest value.

use smidgen_kernels::ops::log;

use super::unary::{Lowered, Unary, symmetric_scales};
use crate::kernel::Kernel;
use crate::scales::per_tensor;
use crate::tables;
use crate::tensor::{DType, Tensor};

/// LOG has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Log;

impl Unary for Log {
    const NAME: &'static str = "LOG";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8, DType::I16];

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        Ok(match input.dtype {
            DType::I8 => {
                let (input, output) = (per_tensor("input", input)?, per_tensor("output", output)?);
                let lowest = (-128 - output.1) as f32 * output.0;
                let table = tables::int8(input, output, |x| if x <= 0.0 { lowest } else { tables::log(x) });
                Lowered::int8(Kernel::LogInt8(log::Int8Spec { len }), table)
            }
            DType::I16 => {
                let [input, output] = symmetric_scales(input, output)?;
                let lowest = -32_768.0 * output;
                let table = tables::int16(input, output, |x| if x <= 0.0 { lowest } else { tables::log(x) });
                Lowered::int16(Kernel::LogInt16(log::Int16Spec { len }), [("table", table)])
            }
            _ => Kernel::LogFloat32(log::Float32Spec { len }).into(),
        })
    }
}
