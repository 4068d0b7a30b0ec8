//! LOG_SOFTMAX: `y = x - log(sum of exp(x))` over the last axis.

use smidgen_kernels::ops::log_softmax::{Float32Spec, Int8Spec};

use super::operator::OutputQuant;
use super::softmax::int8_scaling;
use super::unary::{Lowered, Unary, fixed_quant, rows};
use crate::kernel::Kernel;
use crate::scales::{per_tensor, quantize_multiplier_below_one};
use crate::tensor::{DType, Quant, Tensor};

/// The int8 result covers (-16, 0] in steps of 1/16 (TFLite quantisation specification).
const OUTPUT_SCALE: f32 = 1.0 / 16.0;
const OUTPUT_ZERO_POINT: i32 = 127;

/// LOG_SOFTMAX has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogSoftmax;

impl Unary for LogSoftmax {
    const NAME: &'static str = "LOG_SOFTMAX";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8];

    fn check(&self, input: &Tensor) -> Result<(), String> {
        rows(input).map(|_| ())
    }

    fn result_quant(&self) -> OutputQuant {
        OutputQuant::Fixed(Quant::per_tensor(OUTPUT_SCALE, OUTPUT_ZERO_POINT))
    }

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let (rows, depth) = rows(input)?;
        Ok(match input.dtype {
            DType::I8 => {
                fixed_quant(output, OUTPUT_SCALE, OUTPUT_ZERO_POINT)?;
                let (scale, _) = per_tensor("input", input)?;
                let (forward, diff_min) = int8_scaling(1.0, scale)?;
                // PreprocessLogSoftmaxScalingExp.
                let reverse = 2f64.powi(31 - forward.shift) / f64::from(forward.multiplier);
                let reverse = quantize_multiplier_below_one(reverse)?;
                let spec = Int8Spec {
                    rows,
                    depth,
                    input_multiplier: forward.multiplier,
                    input_shift: forward.shift,
                    reverse_multiplier: reverse.multiplier,
                    reverse_shift: reverse.shift,
                    diff_min,
                };
                Kernel::LogSoftmaxInt8(spec).into()
            }
            _ => Kernel::LogSoftmaxFloat32(Float32Spec { rows, depth }).into(),
        })
    }
}
