//! CONV_2D: `y[n,oy,ox,o] = act(bias[o] + sum over ky,kx,i of x[n,oy*sh+ky*dh-pt,ox*sw+kx*dw-pl,i] * w[o,ky,kx,i])`.

use smidgen_kernels::ops::conv_2d;
use smidgen_kernels::window::Window;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, rank_4, weighted_types};
use super::sliding::Sliding;
use super::{Activation, Padding};
use crate::graph::Dialect;
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::program::Elem;
use crate::scales::{
    Multiplier, activation_range, bias_scales, channel_multiplier, filter_scales, float_activation_range,
    per_tensor, quantized_activation_range, symmetric, tensor_multiplier, wide_multiplier,
};
use crate::tensor::{DType, Tensor};

/// Attributes of CONV_2D. Inputs: x (NHWC), filter (OHWI; I divides the input channels: grouped), optional bias (O).
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2d {
    /// Stride along height and width.
    pub stride: [usize; 2],
    /// Dilation along height and width.
    pub dilation: [usize; 2],
    /// Padding.
    pub padding: Padding,
    /// Fused activation.
    pub activation: Activation,
}

impl Conv2d {
    /// The window that slides over an input (NHWC) with this filter (OHWI), and the number of groups.
    ///
    /// # Errors
    /// Shapes that do not fit each other.
    pub fn window(&self, input: [usize; 4], filter: [usize; 4]) -> Result<(Window, usize), String> {
        let [out_c, k_h, k_w, filter_c] = filter;
        let in_c = input[3];
        if filter_c == 0 || !in_c.is_multiple_of(filter_c) || !out_c.is_multiple_of((in_c / filter_c).max(1))
        {
            return Err(format!(
                "its filter {filter:?} must have as many channels as the input {input:?}, or a divisor of them whose \
                 quotient divides the output channels"
            ));
        }
        let Conv2d { stride, dilation, padding, .. } = *self;
        let window = Sliding { size: [k_h, k_w], stride, dilation, padding }.over(input, out_c)?;
        Ok((window, in_c / filter_c))
    }

    fn window_of(&self, operands: &Operands<'_>) -> Result<(Window, usize), String> {
        self.window(rank_4("input", operands.get(0)?)?, rank_4("filter", operands.get(1)?)?)
    }
}

impl Operator for Conv2d {
    fn name() -> &'static str {
        "CONV_2D"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Conv2d {
            stride: attributes.take_pair("stride")?,
            dilation: attributes.take_pair("dilation")?,
            padding: attributes.take("padding")?,
            activation: attributes.take("activation")?,
        })
    }

    fn attributes(&self) -> Attributes {
        let attributes =
            Attributes::default().with_list("stride", &self.stride).with_list("dilation", &self.dilation);
        attributes.with("padding", self.padding).with("activation", self.activation)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "filter", "bias"]
    }

    fn n_required(&self) -> usize {
        2
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let (window, _) = self.window_of(operands)?;
        let dtype = weighted_types(operands, window.out_c, true)?;
        Ok(TensorType::one(dtype, vec![window.batches, window.out_h, window.out_w, window.out_c]))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let output = results.get(0)?;
        weighted_quant(operands, output, 0)
    }

    fn activation_mut(&mut self) -> Option<&mut Activation> {
        Some(&mut self.activation)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::Calibrated
    }

    fn macs(&self, operands: &Operands<'_>, results: &Results<'_>) -> u64 {
        let Ok(output) = results.get(0) else { return 0 };
        let per_output = operands.get(1).map_or(0, |filter| filter.shape.iter().skip(1).product());
        output.n_elements() as u64 * per_output as u64
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let output = results.get(0)?;
        let (window, groups) = self.window_of(operands)?;
        if output.dtype == DType::F32 {
            let [act_min, act_max] = float_activation_range(self.activation);
            let spec = conv_2d::Float32Spec { window, groups, act_min, act_max };
            let arguments = vec![to.operand(0), to.operand(1), to.operand(2)];
            return to.call(Kernel::Conv2dFloat32(spec), arguments);
        }
        if output.dtype == DType::I16 {
            let scale = symmetric("output", output)?;
            let [act_min, act_max] = quantized_activation_range(DType::I16, self.activation, scale, 0)?;
            let narrow = operands.optional(2).is_some_and(|bias| bias.dtype == DType::I32);
            let [bias, multiplier, shift] = wide_constants(operands, output, window.out_c, to)?;
            let spec = conv_2d::Int16Spec { window, groups, narrow, act_min, act_max };
            let arguments = vec![to.operand(0), to.operand(1), bias, multiplier, shift];
            return to.call(Kernel::Conv2dInt16(spec), arguments);
        }
        let (_, input_zero_point) = per_tensor("input", operands.get(0)?)?;
        let (output_scale, output_zero_point) = per_tensor("output", output)?;
        let [act_min, act_max] = activation_range(self.activation, output_scale, output_zero_point)?;
        let [multiplier, shift] = channel_constants(operands, output, window.out_c, to)?;
        let spec =
            conv_2d::Int8Spec { window, groups, input_zero_point, output_zero_point, act_min, act_max };
        let kernel = match (operands.get(1)?.dtype, filter_zero_point(operands)?) {
            (DType::I4, _) => Kernel::Conv2dInt4(spec),
            (_, 0) => Kernel::Conv2dInt8(spec),
            (_, filter_zero_point) => Kernel::Conv2dInt8Asymmetric(conv_2d::Int8AsymmetricSpec {
                window,
                groups,
                input_zero_point,
                filter_zero_point,
                output_zero_point,
                act_min,
                act_max,
            }),
        };
        let arguments = vec![to.operand(0), to.operand(1), to.operand(2), multiplier, shift];
        to.call(kernel, arguments)
    }
}

/// Quantisation of a convolution whose filter has its output channels along `axis`: quantised operands have one scale, the
/// filter is symmetric with one scale or one a channel, the bias is quantised by input scale * filter scale. An int8 filter
/// with one scale may have a zero point, as that of a uint8 network has.
pub(super) fn weighted_quant(operands: &Operands<'_>, output: &Tensor, axis: usize) -> Result<(), String> {
    let filter = operands.constant(1)?;
    if operands.optional(2).is_some() {
        operands.constant(2)?;
    }
    let (input_scale, output_scale) = match output.dtype {
        DType::I8 => (per_tensor("input", operands.get(0)?)?.0, per_tensor("output", output)?.0),
        DType::I16 => (symmetric("input", operands.get(0)?)?, symmetric("output", output)?),
        _ => return Ok(()),
    };
    filter_scales("filter", filter, axis, filter.dtype == DType::I8 && output.dtype == DType::I8)?;
    if let (Some(bias), Some(quant)) = (operands.optional(2), &filter.quant) {
        bias_scales(bias, input_scale, &quant.scales, output_scale)?;
    }
    Ok(())
}

/// The zero point of the filter, 0 where it has a scale for each channel.
pub(super) fn filter_zero_point(operands: &Operands<'_>) -> Result<i32, String> {
    let quant = operands.get(1)?.quant.as_ref();
    Ok(quant.and_then(|quant| quant.zero_points.first().copied()).unwrap_or(0))
}

/// Multiplier and shift of each output channel, as two constants.
///
/// All in double precision; what was a uint8 network has one multiplier from a product rounded to float
/// (GetQuantizedConvolutionMultipler of kernel_util.cc).
pub(super) fn channel_constants(
    operands: &Operands<'_>,
    output: &Tensor,
    out_c: usize,
    to: &mut NodeLowering<'_>,
) -> Result<[crate::Operand; 2], String> {
    let multiplier = match to.dialect() {
        Dialect::Tflm => channel_multiplier,
        Dialect::Uint8 => tensor_multiplier,
    };
    let (multipliers, shifts) =
        channel_multipliers(operands.get(0)?, operands.get(1)?, output, out_c, multiplier)?;
    Ok(to.multipliers(&multipliers, &shifts))
}

/// Multipliers and shifts of the output channels.
pub(super) fn channel_multipliers(
    input: &Tensor,
    filter: &Tensor,
    output: &Tensor,
    out_c: usize,
    multiplier: fn(f32, f32, f32) -> Result<Multiplier, String>,
) -> Result<(Vec<i32>, Vec<i32>), String> {
    let (input_scale, _) = per_tensor("input", input)?;
    let (output_scale, _) = per_tensor("output", output)?;
    let scales = filter.quant.as_ref().map_or(&[][..], |quant| quant.scales.as_slice());
    let (mut multipliers, mut shifts) = (Vec::with_capacity(out_c), Vec::with_capacity(out_c));
    // One scale for the whole filter serves every channel.
    for &filter_scale in scales.iter().cycle().take(out_c) {
        let quantized = multiplier(input_scale, filter_scale, output_scale)?;
        multipliers.push(quantized.multiplier);
        shifts.push(quantized.shift);
    }
    Ok((multipliers, shifts))
}

/// Bias, multipliers and shifts of an int16 layer with a multiplier for each channel.
pub(super) fn wide_constants(
    operands: &Operands<'_>,
    output: &Tensor,
    out_c: usize,
    to: &mut NodeLowering<'_>,
) -> Result<[crate::Operand; 3], String> {
    let multiplier = |input, filter, output| wide_multiplier(channel_multiplier(input, filter, output)?);
    let (multipliers, shifts) =
        channel_multipliers(operands.get(0)?, operands.get(1)?, output, out_c, multiplier)?;
    let [multiplier, shift] = to.multipliers(&multipliers, &shifts);
    Ok([wide_bias(operands, to)?, multiplier, shift])
}

/// The bias of an int16 layer as int64.
pub(super) fn wide_bias(
    operands: &Operands<'_>,
    to: &mut NodeLowering<'_>,
) -> Result<crate::Operand, String> {
    let Some(bias) = operands.optional(2).filter(|bias| bias.dtype == DType::I32) else {
        return Ok(to.operand(2));
    };
    let data = bias.data.as_deref().ok_or("its bias must be a constant")?;
    let (words, _) = data.as_chunks::<4>();
    let bytes = words.iter().flat_map(|&word| i64::from(i32::from_le_bytes(word)).to_le_bytes()).collect();
    Ok(to.constant("bias", Elem::I64, bytes))
}
