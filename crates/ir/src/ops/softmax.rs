//! SOFTMAX: `y = exp(beta * x) / sum of exp(beta * x)` over the last axis.

use smidgen_kernels::ops::softmax;

use super::attributes::Attributes;
use super::logistic::INT16_OUTPUT_SCALE;
use super::operator::OutputQuant;
use super::unary::{Lowered, Unary, fixed_quant, rows, symmetric_scales};
use crate::kernel::Kernel;
use crate::scales::{Multiplier, per_tensor, quantize_multiplier};
use crate::tables;
use crate::tensor::{DType, Quant, Tensor};

/// The int8 result covers [0, 1) in steps of 1/256 (TFLite quantisation specification).
const OUTPUT_SCALE: f32 = 1.0 / 256.0;
const OUTPUT_ZERO_POINT: i32 = -128;

/// Integer bits of the fixed-point difference to the row's maximum.
const INTEGER_BITS: u32 = 5;

/// Attributes of SOFTMAX. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Softmax {
    /// Factor of the exponent.
    pub beta: f32,
    /// Whether an int8 input has an int16 result.
    pub wide: bool,
}

/// The int16 result of an int8 input covers [0, 1) in steps of 2^-16.
const WIDE_OUTPUT_SCALE: f32 = 1.0 / 65_536.0;
const WIDE_OUTPUT_ZERO_POINT: i32 = -32_768;

/// PreprocessSoftmaxScaling and CalculateInputRadius: the input multiplier and the smallest difference that counts.
pub(super) fn int8_scaling(beta: f32, input_scale: f32) -> Result<(Multiplier, i32), String> {
    let fraction_bits = 31 - INTEGER_BITS;
    let real = f64::from(beta) * f64::from(input_scale) * f64::from(1u32 << fraction_bits);
    if real.is_nan() || real <= 1.0 {
        return Err(format!("its beta {beta:?} times its input scale {input_scale:?} is too small for int8"));
    }
    let real = real.min(2f64.powi(31) - 1.0);
    let quantized = frexp_up_to_31(real)?;
    // The largest fixed-point value, rescaled: a difference below its negative makes an exponential of 0.
    let largest = f64::from((1u32 << INTEGER_BITS) - 1) * f64::from(1u32 << fraction_bits);
    let radius = (largest / 2f64.powi(quantized.shift)).floor();
    Ok((quantized, -(radius as i32)))
}

/// [`quantize_multiplier`] for reals up to 2^31, whose shift of 31 exists in SOFTMAX only.
fn frexp_up_to_31(real: f64) -> Result<Multiplier, String> {
    let quarter = quantize_multiplier(real / 4.0)?;
    Ok(Multiplier { multiplier: quarter.multiplier, shift: quarter.shift + 2 })
}

/// The table of `e^x` from -10 to 0 and that of `1 / (1 + x)` from 0 to 1, in steps of 2^-15.
fn int16_tables() -> [(&'static str, Vec<i16>); 2] {
    let exponential = tables::interpolated([-10.0, 0.0], [-1.0, 1.0], tables::exp);
    let reciprocal = tables::interpolated([0.0, 1.0], [-1.0, 1.0], |x| 1.0 / (1.0 + x));
    [("exponential", exponential), ("reciprocal", reciprocal)]
}

impl Unary for Softmax {
    const NAME: &'static str = "SOFTMAX";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8, DType::I16];

    fn from_text(attributes: &mut Attributes) -> Result<Self, String> {
        let wide = attributes.has("wide") && attributes.take("wide")?;
        Ok(Softmax { beta: attributes.take("beta")?, wide })
    }

    fn to_text(&self) -> Attributes {
        let attributes = Attributes::default().with("beta", format!("{:?}", self.beta));
        if self.wide { attributes.with("wide", true) } else { attributes }
    }

    fn check(&self, input: &Tensor) -> Result<(), String> {
        if !self.beta.is_finite() {
            return Err(format!("its beta must be finite, found {:?}", self.beta));
        }
        if self.wide && input.dtype != DType::I8 {
            return Err(format!("an int16 result needs an int8 input, found {}", input.dtype.name()));
        }
        rows(input).map(|_| ())
    }

    fn result_dtype(&self, input: DType) -> DType {
        if self.wide { DType::I16 } else { input }
    }

    fn result_quant(&self) -> OutputQuant {
        OutputQuant::Fixed(if self.wide {
            Quant::per_tensor(WIDE_OUTPUT_SCALE, WIDE_OUTPUT_ZERO_POINT)
        } else {
            Quant::per_tensor(OUTPUT_SCALE, OUTPUT_ZERO_POINT)
        })
    }

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let (rows, depth) = rows(input)?;
        Ok(match input.dtype {
            DType::I8 => {
                let (input_scale, _) = per_tensor("input", input)?;
                let (Multiplier { multiplier, shift }, diff_min) = int8_scaling(self.beta, input_scale)?;
                let (input_multiplier, input_shift) = (multiplier, shift);
                let spec = softmax::Int8Spec { rows, depth, input_multiplier, input_shift, diff_min };
                if self.wide {
                    fixed_quant(output, WIDE_OUTPUT_SCALE, WIDE_OUTPUT_ZERO_POINT)?;
                    return Ok(Kernel::SoftmaxInt8ToInt16(spec).into());
                }
                match per_tensor("output", output)? {
                    (scale, OUTPUT_ZERO_POINT) if scale == OUTPUT_SCALE => {}
                    (scale, zero_point) => {
                        return Err(format!(
                            "its output must have scale 1/256 and zero point -128, found {scale:?} and {zero_point}"
                        ));
                    }
                }
                Kernel::SoftmaxInt8(spec).into()
            }
            DType::I16 => {
                fixed_quant(output, INT16_OUTPUT_SCALE, 0)?;
                let [scale, _] = symmetric_scales(input, output)?;
                let real = f64::from(scale) * f64::from(self.beta) / (10.0 / 65_535.0);
                let Multiplier { multiplier, shift } = quantize_multiplier(real)?;
                let (input_multiplier, input_shift) = (multiplier, shift);
                let spec = softmax::Int16Spec { rows, depth, input_multiplier, input_shift };
                Lowered::int16(Kernel::SoftmaxInt16(spec), int16_tables())
            }
            _ => Kernel::SoftmaxFloat32(softmax::Float32Spec { rows, depth, beta: self.beta }).into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_has_five_integer_bits() {
        // 0.125 * 2^26 = 2^23 = 0.5 * 2^24; the radius is 31 * 2^26 / 2^24.
        assert_eq!(int8_scaling(1.0, 0.125), Ok((Multiplier { multiplier: 1 << 30, shift: 24 }, -124)));
        assert_eq!(int8_scaling(2.0, 0.125), Ok((Multiplier { multiplier: 1 << 30, shift: 25 }, -62)));
        // Large scales saturate at 2^31 - 1.
        assert_eq!(int8_scaling(1.0, 1e6), Ok((Multiplier { multiplier: i32::MAX, shift: 31 }, 0)));
        assert_eq!(int8_scaling(1.0, 24.0), Ok((Multiplier { multiplier: 3 << 29, shift: 31 }, 0)));
        // Rounding carries into the next power of two, past what other operators take: 2^30 - 1/4 is 2^30.
        let (beta, scale) = (1.0 + 2f32.powi(-16), 16.0 - 2f32.powi(-12));
        assert_eq!(int8_scaling(beta, scale), Ok((Multiplier { multiplier: 1 << 30, shift: 31 }, 0)));
        assert!(int8_scaling(1.0, 1e-9).is_err());
        assert!(int8_scaling(-1.0, 0.1).is_err());
    }
}
