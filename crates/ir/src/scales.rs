//! From scales to the integers that the kernels take, as TFLM's Prepare functions compute them.
//!
//! The definitions are those of `tensorflow/lite/kernels/internal/quantization_util.cc` and
//! `tensorflow/lite/kernels/kernel_util.cc` in tensorflow/tflite-micro: which products are rounded to float, which stay
//! double, and in which order, decides the last bit of a multiplier.

use crate::ops::Activation;
use crate::tensor::{DType, Tensor};

/// A positive real number as `multiplier * 2^(shift - 31)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Multiplier {
    pub(crate) multiplier: i32,
    pub(crate) shift: i32,
}

/// QuantizeMultiplier. Reals below 2^-32 become zero; reals of 2^30 and more are refused, no kernel can apply them.
pub(crate) fn quantize_multiplier(real: f64) -> Result<Multiplier, String> {
    if !real.is_finite() || real < 0.0 {
        return Err(format!("its scales give the multiplier {real}, which must be finite and not negative"));
    }
    if real == 0.0 {
        return Ok(Multiplier { multiplier: 0, shift: 0 });
    }
    let (fraction, mut shift) = frexp(real);
    let mut fixed = (fraction * 2f64.powi(31)).round() as i64;
    if fixed == 1 << 31 {
        fixed /= 2;
        shift += 1;
    }
    if shift < -31 {
        return Ok(Multiplier { multiplier: 0, shift: 0 });
    }
    match i32::try_from(fixed) {
        Ok(multiplier) if shift <= 30 => Ok(Multiplier { multiplier, shift }),
        _ => Err(format!("its scales give the multiplier {real}, which is too large: at most 2^30")),
    }
}

/// QuantizeMultiplierSmallerThanOneExp: for reals in (0, 1), so that the shift is never to the left.
pub(crate) fn quantize_multiplier_below_one(real: f64) -> Result<Multiplier, String> {
    let quantized = quantize_multiplier(real)?;
    if real <= 0.0 || real >= 1.0 || quantized.shift > 0 {
        return Err(format!("its scales give the multiplier {real}, which must be above 0 and below 1"));
    }
    Ok(quantized)
}

/// The multiplier of CONV_2D, DEPTHWISE_CONV_2D and per-channel FULLY_CONNECTED for one channel: all in double.
pub(crate) fn channel_multiplier(input: f32, filter: f32, output: f32) -> Result<Multiplier, String> {
    quantize_multiplier(f64::from(input) * f64::from(filter) / f64::from(output))
}

/// The multiplier of per-tensor FULLY_CONNECTED: the product is rounded to float before the division in double.
pub(crate) fn tensor_multiplier(input: f32, filter: f32, output: f32) -> Result<Multiplier, String> {
    quantize_multiplier(f64::from(input * filter) / f64::from(output))
}

/// The multiplier that takes one scale to another: RELU, QUANTIZE.
pub(crate) fn rescale_multiplier(input: f32, output: f32) -> Result<Multiplier, String> {
    quantize_multiplier(f64::from(input) / f64::from(output))
}

/// Splits a positive finite number into a fraction in [0.5, 1) and a power of two.
fn frexp(real: f64) -> (f64, i32) {
    const EXPONENT_MASK: u64 = 0x7ff << 52;
    // A subnormal number is scaled into the normal range first.
    let (normal, offset) = if real < f64::MIN_POSITIVE { (real * 2f64.powi(54), 54) } else { (real, 0) };
    let bits = normal.to_bits();
    let exponent = ((bits & EXPONENT_MASK) >> 52) as i32 - 1022;
    (f64::from_bits((bits & !EXPONENT_MASK) | (1022 << 52)), exponent - offset)
}

/// CalculateActivationRangeQuantized for an int8 result.
pub(crate) fn activation_range(
    activation: Activation,
    scale: f32,
    zero_point: i32,
) -> Result<[i32; 2], String> {
    quantized_activation_range(DType::I8, activation, scale, zero_point)
}

/// CalculateActivationRangeQuantized for a result of any quantised type.
pub(crate) fn quantized_activation_range(
    dtype: DType,
    activation: Activation,
    scale: f32,
    zero_point: i32,
) -> Result<[i32; 2], String> {
    let [low, high] = dtype.quantized_range().unwrap_or([i32::MIN, i32::MAX]);
    let quantize = |real: f32| {
        let steps = (real / scale).round();
        // 2^31 as a float is the first value past the range.
        if !(-2_147_483_648.0..2_147_483_648.0).contains(&steps) {
            return Err(format!("{real} in steps of the output scale {scale:?} does not fit 32 bits"));
        }
        Ok((steps as i32).saturating_add(zero_point))
    };
    Ok(match activation {
        Activation::None => [low, high],
        Activation::Relu => [low.max(quantize(0.0)?), high],
        Activation::Relu6 => [low.max(quantize(0.0)?), high.min(quantize(6.0)?)],
        Activation::ReluN1To1 => [low.max(quantize(-1.0)?), high.min(quantize(1.0)?)],
    })
}

/// The range that a fused activation clamps a float result to.
pub(crate) fn float_activation_range(activation: Activation) -> [f32; 2] {
    match activation {
        Activation::None => [f32::MIN, f32::MAX],
        Activation::Relu => [0.0, f32::MAX],
        Activation::Relu6 => [0.0, 6.0],
        Activation::ReluN1To1 => [-1.0, 1.0],
    }
}

/// The one scale and zero point of an int8 tensor.
pub(crate) fn per_tensor(name: &str, tensor: &Tensor) -> Result<(f32, i32), String> {
    let quant = tensor.quant.as_ref().map(|quant| (quant.scales.as_slice(), quant.zero_points.as_slice()));
    match quant {
        Some((&[scale], &[zero_point])) => Ok((scale, zero_point)),
        Some((scales, _)) => {
            Err(format!("its {name} must have one scale and zero point, found {} scales", scales.len()))
        }
        None => {
            let dtype = tensor.dtype.name();
            Err(format!("its {name} is {dtype} and must have a scale and zero point, found none"))
        }
    }
}

/// Refuses an int8 result whose quantisation differs from the operand's, where the operator cannot rescale.
///
/// Scales may differ by 1e-6, which TFLM's pooling allows.
pub(crate) fn same_quant(name: &str, input: &Tensor, output: &Tensor) -> Result<(), String> {
    if !input.dtype.is_quantized() {
        return Ok(());
    }
    let (input, output) = (per_tensor(name, input)?, per_tensor("output", output)?);
    if (f64::from(input.0) - f64::from(output.0)).abs() <= 1e-6 && input.1 == output.1 {
        return Ok(());
    }
    Err(format!(
        "its output must keep the {name}'s scale {:?} and zero point {}, found {:?} and {}: it does not rescale, so \
         quantise both alike or put a QUANTIZE after it",
        input.0, input.1, output.0, output.1
    ))
}

/// The scale of an int16 tensor, whose zero point must be 0.
pub(crate) fn symmetric(name: &str, tensor: &Tensor) -> Result<f32, String> {
    match per_tensor(name, tensor)? {
        (scale, 0) => Ok(scale),
        (_, found) => Err(format!("its {name} is int16 and must have the zero point 0, found {found}")),
    }
}

/// A multiplier of 64-bit sums, which TFLM rounds to 16 bits: reals of 2^14 and more are refused, no kernel can apply them.
pub(crate) fn wide_multiplier(quantized: Multiplier) -> Result<Multiplier, String> {
    if quantized.shift <= 14 {
        return Ok(quantized);
    }
    Err(format!(
        "its scales give a multiplier of about 2^{}, which is too large: at most 2^14",
        quantized.shift
    ))
}

/// The scales of a filter, one for the whole tensor or one for each index along `axis`; zero points must be zero
/// unless there is one and `asymmetric`.
pub(crate) fn filter_scales(
    name: &str,
    filter: &Tensor,
    axis: usize,
    asymmetric: bool,
) -> Result<(), String> {
    let Some(quant) = &filter.quant else {
        return Err(format!("its {name} is int8 and must have scales, found none"));
    };
    if quant.scales.len() > 1 && quant.axis != axis {
        return Err(format!("its {name} must be quantised along dimension {axis}, found {}", quant.axis));
    }
    if asymmetric && quant.scales.len() == 1 {
        return Ok(());
    }
    match quant.zero_points.iter().find(|&&zero_point| zero_point != 0) {
        Some(found) => Err(format!("its {name} must be symmetric (zero point 0), found {found}")),
        None => Ok(()),
    }
}

/// Checks that a bias is quantised by the product of the input's and the filter's scales, with zero point 0.
///
/// The kernels take the bias as if it were so; TFLM refuses deviations of more than 0.02 output steps.
pub(crate) fn bias_scales(bias: &Tensor, input: f32, filter: &[f32], output: f32) -> Result<(), String> {
    let Some(quant) = &bias.quant else { return Ok(()) };
    if let Some(found) = quant.zero_points.iter().find(|&&zero_point| zero_point != 0) {
        return Err(format!("its bias must have zero point 0, found {found}"));
    }
    let (n_bias, n_filter) = (quant.scales.len(), filter.len());
    if n_bias != n_filter && n_bias != 1 && n_filter != 1 {
        return Err(format!("its bias must have as many scales as its filter ({n_filter}), found {n_bias}"));
    }
    for channel in 0..n_bias.max(n_filter) {
        let pick = |scales: &[f32]| scales.get(channel).or(scales.first()).copied().unwrap_or(1.0);
        let (wanted, found) = (f64::from(input) * f64::from(pick(filter)), f64::from(pick(&quant.scales)));
        if (wanted - found).abs() / f64::from(output) > 0.02 {
            return Err(format!(
                "its bias must have the scale input * filter = {wanted:e} in channel {channel}, found {found:e}"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multipliers_have_thirty_one_bits() {
        let check = |real: f64, multiplier: i32, shift: i32| {
            assert_eq!(quantize_multiplier(real), Ok(Multiplier { multiplier, shift }), "{real}");
        };
        check(0.0, 0, 0);
        check(1.0, 1 << 30, 1);
        check(0.5, 1 << 30, 0);
        check(0.25, 1 << 30, -1);
        check(0.75, 3 << 29, 0);
        check(3.0, 3 << 29, 2);
        // Rounding carries into the next power of two.
        check(1.0 - 2f64.powi(-40), 1 << 30, 1);
        check(2f64.powi(-32), 1 << 30, -31);
        check(2f64.powi(-33), 0, 0);
        check(f64::MIN_POSITIVE / 4.0, 0, 0);
        check(2f64.powi(29), 1 << 30, 30);
        assert!(quantize_multiplier(2f64.powi(30)).is_err());
        assert!(quantize_multiplier(f64::NAN).is_err());
        assert!(quantize_multiplier(f64::INFINITY).is_err());
        assert!(quantize_multiplier(-0.1).is_err());
    }

    #[test]
    fn a_multiplier_is_the_nearest_one() {
        for step in 1..2000 {
            let real = f64::from(step) * 0.001_234_567;
            let Multiplier { multiplier, shift } = quantize_multiplier(real).unwrap();
            let back = f64::from(multiplier) * 2f64.powi(shift - 31);
            assert!((back - real).abs() <= 2f64.powi(shift - 32), "{real} became {back}");
            assert!(multiplier >= 1 << 30);
        }
    }

    #[test]
    fn multipliers_below_one_never_shift_left() {
        assert_eq!(quantize_multiplier_below_one(0.5), Ok(Multiplier { multiplier: 1 << 30, shift: 0 }));
        for real in [0.0, 1.0, 1.5, 1.0 - 2f64.powi(-40)] {
            assert!(quantize_multiplier_below_one(real).is_err(), "{real}");
        }
    }

    #[test]
    fn the_float_product_of_fully_connected_differs_from_the_double_one() {
        let (input, filter, output) = (0.1f32, 0.3f32, 0.7f32);
        let double = channel_multiplier(input, filter, output).unwrap();
        let float = tensor_multiplier(input, filter, output).unwrap();
        assert_ne!(double, float);
        assert!((double.multiplier - float.multiplier).abs() < 128);
    }

    #[test]
    fn activation_ranges_stand_in_output_steps() {
        let check = |activation, scale, zero_point, wanted| {
            assert_eq!(activation_range(activation, scale, zero_point), Ok(wanted));
        };
        check(Activation::None, 0.1, 3, [-128, 127]);
        check(Activation::Relu, 0.1, 3, [3, 127]);
        check(Activation::Relu6, 0.1, 3, [3, 63]);
        check(Activation::Relu6, 0.01, -128, [-128, 127]);
        check(Activation::ReluN1To1, 0.1, 3, [-7, 13]);
        // Half a step rounds away from zero.
        check(Activation::ReluN1To1, 0.4, 0, [-3, 3]);
        assert!(activation_range(Activation::Relu6, 1e-12, 0).is_err());
    }
}
