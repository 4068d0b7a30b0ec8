//! LOGISTIC: `y = 1 / (1 + exp(-x))`.

use smidgen_kernels::ops::logistic;

use super::operator::OutputQuant;
use super::unary::{Lowered, Unary, fixed_quant, symmetric_scales};
use crate::kernel::Kernel;
use crate::scales::{Multiplier, per_tensor, quantize_multiplier};
use crate::tensor::{DType, Quant, Tensor};

/// The int8 result covers [0, 1) in steps of 1/256 (TFLite quantisation specification).
const OUTPUT_SCALE: f32 = 1.0 / 256.0;
const OUTPUT_ZERO_POINT: i32 = -128;

/// The int16 result of LOGISTIC and TANH has steps of 2^-15.
pub(super) const INT16_OUTPUT_SCALE: f32 = 1.0 / 32_768.0;

/// LOGISTIC has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Logistic;

/// CalculateArithmeticOpData of LOGISTIC and TANH for int8: inputs become Q4.27.
pub(super) fn int8_scaling(input: (f32, i32)) -> Result<logistic::TableSpec, String> {
    const LARGEST: f64 = 15.0 * (1u32 << 27) as f64;
    let real = f64::from(input.0) * f64::from(1u32 << 27);
    // From 2^29 on only the zero point itself lies inside the radius, and scaling it gives 0 whatever the multiplier.
    let Multiplier { multiplier, shift } = quantize_multiplier(real.min(2f64.powi(29)))?;
    let radius = LARGEST / 2f64.powf(real.log2().floor() + 1.0);
    Ok(logistic::TableSpec {
        input_zero_point: input.1,
        input_multiplier: multiplier,
        input_shift: shift,
        // The largest int8 difference is 255.
        input_range_radius: radius.floor().min(256.0) as i32,
    })
}

/// CalculateArithmeticOpData of LOGISTIC and TANH for int16: multiplier and shift to steps of 1/12288. A power of two
/// from 2^-12 to 2^-12 times `2^largest_shift` is exact.
pub(super) fn int16_scaling(input: f32, largest_shift: i32) -> Result<Multiplier, String> {
    let log2 = input.ln() * (1.0 / 2f32.ln());
    let exponent = log2.round();
    let shift = 12 + exponent as i32;
    if (log2 - exponent).abs() < 1e-3 && (0..=largest_shift).contains(&shift) {
        return Ok(Multiplier { multiplier: 3 << shift, shift: 0 });
    }
    let (mut real, mut shift) = (f64::from(input) * 4096.0 * 3.0, 0);
    while real <= 32_767.0 / 2.0 && shift <= 30 {
        real *= 2.0;
        shift += 1;
    }
    if real >= 32_768.0 {
        return Err(format!("its int16 input has the scale {input:?}, at most 2.66 is supported"));
    }
    Ok(Multiplier { multiplier: real as i32, shift })
}

impl Unary for Logistic {
    const NAME: &'static str = "LOGISTIC";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8, DType::I16];

    fn result_quant(&self) -> OutputQuant {
        OutputQuant::Fixed(Quant::per_tensor(OUTPUT_SCALE, OUTPUT_ZERO_POINT))
    }

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        Ok(match input.dtype {
            DType::I8 => {
                fixed_quant(output, OUTPUT_SCALE, OUTPUT_ZERO_POINT)?;
                let spec = int8_scaling(per_tensor("input", input)?)?;
                let table = logistic::int8_table(spec).map_err(|error| error.to_string())?;
                Lowered::int8(Kernel::LogisticInt8(logistic::Int8Spec { len }), table)
            }
            DType::I16 => {
                fixed_quant(output, INT16_OUTPUT_SCALE, 0)?;
                let [scale, _] = symmetric_scales(input, output)?;
                let Multiplier { multiplier, shift } = int16_scaling(scale, 0)?;
                let spec = logistic::Int16Spec { len, input_multiplier: multiplier, input_shift: shift };
                Kernel::LogisticInt16(spec).into()
            }
            _ => Kernel::LogisticFloat32(logistic::Float32Spec { len }).into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int8_inputs_have_four_integer_bits() {
        let spec = |input_multiplier, input_shift, input_range_radius| logistic::TableSpec {
            input_zero_point: 3,
            input_multiplier,
            input_shift,
            input_range_radius,
        };
        // 1/16 of 2^27 is 2^23 = 2^30 / 2^31 * 2^24; 15 * 16 / 2.
        assert_eq!(int8_scaling((0.0625, 3)), Ok(spec(1 << 30, 24, 120)));
        assert_eq!(int8_scaling((3.0, 3)), Ok(spec(3 << 29, 29, 3)));
        // Wide steps: only the zero point is not saturated, and past that not even it.
        assert_eq!(int8_scaling((4.0, 3)).map(|spec| spec.input_range_radius), Ok(1));
        assert_eq!(int8_scaling((8.0, 3)).map(|spec| spec.input_range_radius), Ok(0));
    }

    #[test]
    fn int16_inputs_have_powers_of_two_or_fifteen_bits() {
        let of = |multiplier, shift| Ok(Multiplier { multiplier, shift });
        assert_eq!(int16_scaling(1.0 / 4096.0, 0), of(3, 0));
        assert_eq!(int16_scaling(1.0 / 2048.0, 1), of(6, 0));
        // 6 * 2^12 = 24576.
        assert_eq!(int16_scaling(1.0 / 2048.0, 0), of(24_576, 12));
        assert_eq!(int16_scaling(0.001, 0), of(25_165, 11));
        assert!(int16_scaling(3.0, 0).is_err());
    }
}
