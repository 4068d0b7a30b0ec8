//! Filters to symmetric int8, or fewer bits, and biases to int32.

use super::adaptive_rounding::Gram;
use super::bias_correction;
use smidgen_ir::range::{greatest_step, symmetric_factor, symmetric_scale};
use smidgen_ir::{DType, Quant, Tensor};

/// Largest quantised bias: as much room again is left for the sum that it is added to.
const MAX_BIAS: f64 = (1u64 << 30) as f64;

/// An int8 filter and its int32 bias.
#[derive(Debug)]
pub(super) struct Weights {
    /// The filter.
    pub(super) filter: Tensor,
    /// The bias, where there was one.
    pub(super) bias: Option<Tensor>,
    /// Channels whose filter got a coarser scale, because their bias would not fit 32 bits otherwise.
    pub(super) n_widened: usize,
    /// Weights that are not at their nearest step.
    pub(super) n_turned: usize,
}

/// How the values of a filter divide into output channels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Dimension of the output channels.
    pub(crate) axis: usize,
    /// Whether each of them gets its own scale.
    pub(crate) per_channel: bool,
    /// Bits of a weight: 2 to 8.
    pub(crate) bits: u32,
    /// Whether the sums, and the bias, have 64 bits.
    pub(crate) is_wide: bool,
}

/// What is known of a layer's input.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) scale: f32,
    /// Of its channels, where the bias is to be corrected.
    pub(super) means: Option<&'a [f32]>,
    /// Where rounding is adaptive.
    pub(super) gram: Option<&'a Gram>,
    /// The filter's scales, where training has learnt them.
    pub(super) scales: Option<&'a [f32]>,
}

/// Quantises the filter and bias of a layer.
///
/// # Errors
/// A tensor that is not a float32 constant, or not finite, as the end of a sentence about the node.
pub(super) fn quantize(
    filter: &Tensor,
    bias: Option<&Tensor>,
    layout: Layout,
    input: Input<'_>,
) -> Result<Weights, String> {
    let input_scale = input.scale;
    let values = finite("filter", filter)?;
    let mut biases = bias.map(|bias| finite("bias", bias)).transpose()?;
    let n_channels = filter.shape.get(layout.axis).copied().unwrap_or(1).max(1);
    let inner: usize = filter.shape.iter().skip(layout.axis + 1).product::<usize>().max(1);
    let channel_of = |at: usize| (at / inner) % n_channels;

    let mut magnitudes = vec![0.0f32; n_channels];
    for (at, value) in values.iter().enumerate() {
        let magnitude = &mut magnitudes[channel_of(at)];
        *magnitude = magnitude.max(value.abs());
    }
    let greatest = magnitudes.iter().copied().fold(0.0, f32::max);
    if !layout.per_channel {
        magnitudes = vec![greatest];
    }
    let steps = greatest_step(layout.bits);
    let learned = input.scales.filter(|scales| scales.len() == magnitudes.len());
    let mut scales = learned.map_or_else(|| scales_of(&magnitudes, greatest, steps), <[f32]>::to_vec);
    // A bias of 64 bits always fits.
    let n_widened = match layout.is_wide {
        true => 0,
        false => widen(&mut scales, biases.as_deref().unwrap_or_default(), input_scale),
    };

    let factors: Vec<f32> =
        scales.iter().zip(&magnitudes).map(|(&scale, &of)| symmetric_factor(scale, of, steps)).collect();
    let factor_of = |at: usize| factors.get(channel_of(at)).or(factors.first()).copied().unwrap_or(1.0);
    let step = |(at, &value): (usize, &f32)| {
        (value * factor_of(at)).round().clamp(-greatest_step(layout.bits), greatest_step(layout.bits)) as i8
    };
    let mut steps: Vec<i8> = values.iter().enumerate().map(step).collect();
    let n_turned = input.gram.map_or(0, |gram| gram.round(&mut steps, &values, &scales));
    if let (Some(biases), Some(gram)) = (&mut biases, input.gram) {
        gram.correct(biases, &steps, &values, &scales);
    } else if let (Some(biases), Some(means)) = (&mut biases, input.means) {
        let scale_of = |at: usize| scales.get(channel_of(at)).or(scales.first()).copied().unwrap_or(1.0);
        bias_correction::correct(biases, &filter.shape, layout, means, |at| {
            f64::from(steps[at]) * f64::from(scale_of(at)) - f64::from(values[at])
        });
    }
    let bias = bias
        .zip(biases)
        .map(|(tensor, values)| quantize_bias(tensor, &values, &scales, (input_scale, layout.is_wide)));
    let quant = quant(scales, layout.axis);
    let filter = Tensor::const_i8(filter.name.clone(), filter.shape.clone(), &steps, quant);
    let filter = if layout.bits <= 4 { packed(filter, &steps) } else { filter };
    Ok(Weights { filter, bias, n_widened, n_turned })
}

/// Two weights in a byte, the low nibble first.
fn packed(filter: Tensor, steps: &[i8]) -> Tensor {
    let nibble = |step: i8| step.cast_unsigned() & 15;
    let pair = |pair: &[i8]| nibble(pair[0]) | pair.get(1).map_or(0, |&high| nibble(high) << 4);
    Tensor { dtype: DType::I4, data: Some(steps.chunks(2).map(pair).collect()), ..filter }
}

fn finite(name: &str, tensor: &Tensor) -> Result<Vec<f32>, String> {
    let values = tensor.f32s().ok_or_else(|| format!("its {name} must be a float32 constant"))?;
    match values.iter().find(|value| !value.is_finite()) {
        Some(bad) => Err(format!("its {name} \"{}\" holds {bad}; expected finite values", tensor.name)),
        None => Ok(values),
    }
}

/// A channel of zeros gets the scale of the largest one, in which its bias is as exact as theirs.
fn scales_of(magnitudes: &[f32], greatest: f32, steps: f32) -> Vec<f32> {
    let of = |&magnitude: &f32| symmetric_scale(if magnitude > 0.0 { magnitude } else { greatest }, steps);
    magnitudes.iter().map(of).collect()
}

/// Makes scales coarser until the biases fit. Returns how many.
fn widen(scales: &mut [f32], biases: &[f32], input_scale: f32) -> usize {
    let greatest = biases.iter().fold(0.0f32, |greatest, bias| greatest.max(bias.abs()));
    let shared = scales.len() == 1;
    let mut n_widened = 0;
    for (channel, scale) in scales.iter_mut().enumerate() {
        let bias = if shared { greatest } else { biases.get(channel).map_or(0.0, |bias| bias.abs()) };
        let least = (f64::from(bias) / f64::from(input_scale) / MAX_BIAS) as f32;
        if *scale < least {
            *scale = least;
            n_widened += 1;
        }
    }
    n_widened
}

fn quantize_bias(
    bias: &Tensor,
    values: &[f32],
    scales: &[f32],
    (input_scale, is_wide): (f32, bool),
) -> Tensor {
    let scales: Vec<f32> = scales.iter().map(|scale| (input_scale * scale).max(f32::MIN_POSITIVE)).collect();
    let step = |(value, scale): (&f32, &f32)| {
        // The cast saturates; `widen` has made sure that it need not.
        (f64::from(*value) / f64::from(*scale)).round() as i64
    };
    let steps = values.iter().zip(scales.iter().cycle()).map(step);
    if is_wide {
        let data = steps.flat_map(i64::to_le_bytes).collect();
        let tensor = Tensor::activation(bias.name.clone(), DType::I64, bias.shape.clone());
        return Tensor { data: Some(data), quant: Some(quant(scales, 0)), ..tensor };
    }
    let steps: Vec<i32> = steps.map(|step| step.clamp(i32::MIN.into(), i32::MAX.into()) as i32).collect();
    Tensor::const_i32(bias.name.clone(), bias.shape.clone(), &steps, Some(quant(scales, 0)))
}

fn quant(scales: Vec<f32>, axis: usize) -> Quant {
    match scales.as_slice() {
        &[scale] => Quant::per_tensor(scale, 0),
        _ => Quant::per_channel(scales, axis),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: Input<'static> = Input { scale: 0.5, means: None, gram: None, scales: None };

    fn quantized(filter: &[f32], shape: &[usize], bias: &[f32], axis: usize, per_channel: bool) -> Weights {
        let filter = Tensor::const_f32("filter", shape.to_vec(), filter);
        let bias = Tensor::const_f32("bias", vec![bias.len()], bias);
        quantize(&filter, Some(&bias), Layout { axis, per_channel, bits: 8, is_wide: false }, INPUT).unwrap()
    }

    fn scales(tensor: &Tensor) -> &[f32] {
        tensor.quant.as_ref().map_or(&[], |quant| &quant.scales)
    }

    #[test]
    fn each_output_channel_of_a_convolution_has_its_scale() {
        let weights = quantized(&[1.27, -0.635, 0.015, 0.02], &[2, 1, 1, 2], &[1.0, -1.0], 0, true);
        assert_eq!(weights.filter.i8s().unwrap(), [127, -64, 95, 127]);
        assert_eq!(scales(&weights.filter), [1.27 / 127.0, 0.02 / 127.0]);
        let bias = weights.bias.unwrap();
        assert_eq!(scales(&bias), [0.5 * (1.27 / 127.0), 0.5 * (0.02 / 127.0)]);
        assert_eq!(bias.i32s().unwrap(), [200, -12700]);
        assert_eq!(weights.n_widened, 0);
    }

    #[test]
    fn depthwise_channels_lie_along_the_last_dimension() {
        let weights = quantized(&[1.0, 10.0, -0.5, 5.0], &[1, 2, 1, 2], &[0.0, 0.0], 3, true);
        assert_eq!(weights.filter.i8s().unwrap(), [127, 127, -64, 64]);
        assert_eq!(weights.filter.quant.unwrap().axis, 3);
    }

    #[test]
    fn one_scale_serves_all_outputs_per_tensor() {
        let weights = quantized(&[1.0, 0.5, -2.0, 0.0], &[2, 2], &[1.0, 2.0], 0, false);
        assert_eq!(scales(&weights.filter), [2.0 / 127.0]);
        assert_eq!(weights.filter.i8s().unwrap(), [64, 32, -127, 0]);
        assert_eq!(scales(weights.bias.as_ref().unwrap()).len(), 1);
    }

    #[test]
    fn a_channel_of_zeros_keeps_its_bias() {
        let weights = quantized(&[0.0, 0.0, 1.27, 0.0], &[2, 1, 1, 2], &[0.3, 0.0], 0, true);
        let bias = weights.bias.unwrap();
        let real = bias.i32s().unwrap()[0] as f32 * scales(&bias)[0];
        assert!((real - 0.3).abs() < 0.005, "{real}");
        let all_zero = quantized(&[0.0; 4], &[2, 1, 1, 2], &[0.3, 0.0], 0, true);
        assert_eq!(scales(&all_zero.filter), [1.0 / 127.0; 2]);
    }

    #[test]
    fn a_bias_that_would_not_fit_widens_the_filters_scale() {
        let weights = quantized(&[1e-12, 1.0], &[2, 1, 1, 1], &[100.0, 1.0], 0, true);
        assert_eq!(weights.n_widened, 1);
        let bias = weights.bias.unwrap();
        let real = f64::from(bias.i32s().unwrap()[0]) * f64::from(scales(&bias)[0]);
        assert!((real - 100.0).abs() < 0.01, "{real}");
        assert!(bias.i32s().unwrap()[0] <= 1 << 30);
    }

    #[test]
    fn four_bits_are_packed_and_two_bits_have_three_steps() {
        let filter = Tensor::const_f32("filter", vec![1, 1, 1, 3], &[0.7, -0.33, 0.18]);
        let layout = |bits| Layout { axis: 0, per_channel: true, bits, is_wide: false };
        let four = quantize(&filter, None, layout(4), INPUT).unwrap().filter;
        assert_eq!((four.dtype, four.data.as_deref()), (DType::I4, Some(&[0xd7, 0x02][..])), "7, -3, 2");
        assert!((scales(&four)[0] - 0.1).abs() < 1e-6);
        let two = quantize(&filter, None, layout(2), INPUT).unwrap().filter;
        assert_eq!(two.data.as_deref(), Some(&[0x01, 0x00][..]), "1, 0, 0");
        let learned = Input { scales: Some(&[0.3]), ..INPUT };
        let two = quantize(&filter, None, layout(2), learned).unwrap().filter;
        assert_eq!((two.data.as_deref(), scales(&two)), (Some(&[0xf1, 0x01][..]), &[0.3][..]), "1, -1, 1");
    }

    #[test]
    fn weights_that_are_not_finite_are_refused() {
        let filter = Tensor::const_f32("filter", vec![1, 1], &[f32::NAN]);
        let layout = Layout { axis: 0, per_channel: false, bits: 8, is_wide: false };
        let message = quantize(&filter, None, layout, INPUT).unwrap_err();
        assert!(message.contains("its filter \"filter\" holds NaN"), "{message}");
        let activation = Tensor::activation("x", smidgen_ir::DType::F32, vec![1, 1]);
        assert!(quantize(&activation, None, layout, INPUT).unwrap_err().contains("float32 constant"));
    }
}
