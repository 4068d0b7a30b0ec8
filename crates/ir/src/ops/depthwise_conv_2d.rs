//! DEPTHWISE_CONV_2D: each input channel is convolved with its own `depth_multiplier` filters.
//!
//! `y[n,oy,ox,c*m+j] = act(bias[c*m+j] + sum over ky,kx of x[n,oy*sh+ky*dh-pt,ox*sw+kx*dw-pl,c] * w[0,ky,kx,c*m+j])`

use smidgen_kernels::ops::depthwise_conv_2d;
use smidgen_kernels::window::Window;

use super::attributes::Attributes;
use super::conv_2d::{channel_constants, filter_zero_point, weighted_quant, wide_constants};
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, rank_4, weighted_types};
use super::sliding::Sliding;
use super::{Activation, Padding};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{
    activation_range, float_activation_range, per_tensor, quantized_activation_range, symmetric,
};
use crate::tensor::DType;

/// Attributes of DEPTHWISE_CONV_2D. Inputs: x (NHWC), filter (1HWO, `O = C * depth_multiplier`), optional bias (O).
#[derive(Debug, Clone, PartialEq)]
pub struct DepthwiseConv2d {
    /// Output channels for each input channel.
    pub depth_multiplier: usize,
    /// Stride along height and width.
    pub stride: [usize; 2],
    /// Dilation along height and width.
    pub dilation: [usize; 2],
    /// Padding.
    pub padding: Padding,
    /// Fused activation.
    pub activation: Activation,
}

impl DepthwiseConv2d {
    /// The window that slides over an input (NHWC) with this filter (1HWO).
    ///
    /// # Errors
    /// Shapes that do not fit each other.
    pub fn window(&self, input: [usize; 4], filter: [usize; 4]) -> Result<Window, String> {
        let [first, k_h, k_w, out_c] = filter;
        if first != 1 || input[3].checked_mul(self.depth_multiplier) != Some(out_c) {
            return Err(format!(
                "its filter must have the shape [1, height, width, {} * {}] (channels * depth_multiplier), found \
                 {filter:?}",
                input[3], self.depth_multiplier
            ));
        }
        let DepthwiseConv2d { stride, dilation, padding, .. } = *self;
        Sliding { size: [k_h, k_w], stride, dilation, padding }.over(input, out_c)
    }

    fn window_of(&self, operands: &Operands<'_>) -> Result<Window, String> {
        self.window(rank_4("input", operands.get(0)?)?, rank_4("filter", operands.get(1)?)?)
    }
}

impl Operator for DepthwiseConv2d {
    fn name() -> &'static str {
        "DEPTHWISE_CONV_2D"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(DepthwiseConv2d {
            depth_multiplier: attributes.take("depth_multiplier")?,
            stride: attributes.take_pair("stride")?,
            dilation: attributes.take_pair("dilation")?,
            padding: attributes.take("padding")?,
            activation: attributes.take("activation")?,
        })
    }

    fn attributes(&self) -> Attributes {
        let attributes = Attributes::default().with("depth_multiplier", self.depth_multiplier);
        let attributes = attributes.with_list("stride", &self.stride).with_list("dilation", &self.dilation);
        attributes.with("padding", self.padding).with("activation", self.activation)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "filter", "bias"]
    }

    fn n_required(&self) -> usize {
        2
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let window = self.window_of(operands)?;
        let dtype = weighted_types(operands, window.out_c, false)?;
        Ok(TensorType::one(dtype, vec![window.batches, window.out_h, window.out_w, window.out_c]))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let output = results.get(0)?;
        weighted_quant(operands, output, 3)
    }

    fn activation_mut(&mut self) -> Option<&mut Activation> {
        Some(&mut self.activation)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::Calibrated
    }

    fn macs(&self, operands: &Operands<'_>, results: &Results<'_>) -> u64 {
        let Ok(output) = results.get(0) else { return 0 };
        let per_output = operands.get(1).map_or(0, |filter| filter.shape.iter().take(3).product());
        output.n_elements() as u64 * per_output as u64
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let output = results.get(0)?;
        let window = self.window_of(operands)?;
        let depth_multiplier = self.depth_multiplier;
        if output.dtype == DType::F32 {
            let [act_min, act_max] = float_activation_range(self.activation);
            let spec = depthwise_conv_2d::Float32Spec { window, depth_multiplier, act_min, act_max };
            let arguments = vec![to.operand(0), to.operand(1), to.operand(2)];
            return to.call(Kernel::DepthwiseConv2dFloat32(spec), arguments);
        }
        if output.dtype == DType::I16 {
            let scale = symmetric("output", output)?;
            let [act_min, act_max] = quantized_activation_range(DType::I16, self.activation, scale, 0)?;
            let [bias, multiplier, shift] = wide_constants(operands, output, window.out_c, to)?;
            let spec = depthwise_conv_2d::Int16Spec { window, depth_multiplier, act_min, act_max };
            let arguments = vec![to.operand(0), to.operand(1), bias, multiplier, shift];
            return to.call(Kernel::DepthwiseConv2dInt16(spec), arguments);
        }
        let (_, input_zero_point) = per_tensor("input", operands.get(0)?)?;
        let (output_scale, output_zero_point) = per_tensor("output", output)?;
        let [act_min, act_max] = activation_range(self.activation, output_scale, output_zero_point)?;
        let [multiplier, shift] = channel_constants(operands, output, window.out_c, to)?;
        let spec = depthwise_conv_2d::Int8Spec {
            window,
            depth_multiplier,
            input_zero_point,
            output_zero_point,
            act_min,
            act_max,
        };
        let kernel = match (operands.get(1)?.dtype, filter_zero_point(operands)?) {
            (DType::I4, _) => Kernel::DepthwiseConv2dInt4(spec),
            (_, 0) => Kernel::DepthwiseConv2dInt8(spec),
            (_, filter_zero_point) => {
                Kernel::DepthwiseConv2dInt8Asymmetric(depthwise_conv_2d::Int8AsymmetricSpec {
                    window,
                    depth_multiplier,
                    input_zero_point,
                    filter_zero_point,
                    output_zero_point,
                    act_min,
                    act_max,
                })
            }
        };
        let arguments = vec![to.operand(0), to.operand(1), to.operand(2), multiplier, shift];
        to.call(kernel, arguments)
    }
}
