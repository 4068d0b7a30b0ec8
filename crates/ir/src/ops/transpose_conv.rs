//! TRANSPOSE_CONV: `y[n,oy,ox,o] = act(bias[o] + sum over ky,kx,i of x[n,iy,ix,i] * w[o,ky,kx,i])` over all input pixels with
//! `iy*sh + ky - pt = oy` and `ix*sw + kx - pl = ox`: the transpose of a convolution that slides over the output.

use smidgen_kernels::ops::transpose_conv;
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

/// Attributes of TRANSPOSE_CONV. Inputs: x (NHWC), filter (OHWI), optional bias (O).
#[derive(Debug, Clone, PartialEq)]
pub struct TransposeConv {
    /// Height and width of the result; TFLite has its whole shape as an operand.
    pub output: [usize; 2],
    /// Stride along height and width.
    pub stride: [usize; 2],
    /// Padding of the convolution that slides over the output.
    pub padding: Padding,
    /// Fused activation.
    pub activation: Activation,
}

impl TransposeConv {
    /// The window that slides over the output, a step for each pixel of the input (NHWC), with this filter (OHWI).
    ///
    /// # Errors
    /// Shapes that do not fit each other.
    pub fn window(&self, input: [usize; 4], filter: [usize; 4]) -> Result<Window, String> {
        let ([batches, in_h, in_w, in_c], [out_c, k_h, k_w, filter_c]) = (input, filter);
        if in_c != filter_c {
            return Err(format!("its filter {filter:?} must have as many channels as the input {input:?}"));
        }
        let TransposeConv { output: [out_h, out_w], stride, padding, .. } = *self;
        let sliding = Sliding { size: [k_h, k_w], stride, dilation: [1, 1], padding };
        let window = sliding.over([batches, out_h, out_w, out_c], in_c)?;
        if [window.out_h, window.out_w] != [in_h, in_w] {
            return Err(format!(
                "its output {out_h}x{out_w} belongs to an input of {}x{}, found {in_h}x{in_w}",
                window.out_h, window.out_w
            ));
        }
        Ok(window)
    }

    fn window_of(&self, operands: &Operands<'_>) -> Result<Window, String> {
        self.window(rank_4("input", operands.get(0)?)?, rank_4("filter", operands.get(1)?)?)
    }
}

impl Operator for TransposeConv {
    fn name() -> &'static str {
        "TRANSPOSE_CONV"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(TransposeConv {
            output: attributes.take_pair("output")?,
            stride: attributes.take_pair("stride")?,
            padding: attributes.take("padding")?,
            activation: attributes.take("activation")?,
        })
    }

    fn attributes(&self) -> Attributes {
        let attributes =
            Attributes::default().with_list("output", &self.output).with_list("stride", &self.stride);
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
        let dtype = weighted_types(operands, window.in_c, false)?;
        if operands.get(1)?.dtype == DType::I4 {
            return Err("its filter must be int8 beside int8 inputs, found int4".to_owned());
        }
        Ok(TensorType::one(dtype, vec![window.batches, window.in_h, window.in_w, window.in_c]))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        weighted_quant(operands, results.get(0)?, 0)?;
        match filter_zero_point(operands)? {
            0 => Ok(()),
            found => Err(format!("its filter must be symmetric (zero point 0), found {found}")),
        }
    }

    fn activation_mut(&mut self) -> Option<&mut Activation> {
        Some(&mut self.activation)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::Calibrated
    }

    fn macs(&self, operands: &Operands<'_>, _results: &Results<'_>) -> u64 {
        let (Ok(input), Ok(filter)) = (operands.get(0), operands.get(1)) else { return 0 };
        let per_input: usize = filter.shape.iter().take(3).product();
        input.n_elements() as u64 * per_input as u64
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let output = results.get(0)?;
        let window = self.window_of(operands)?;
        if output.dtype == DType::F32 {
            let [act_min, act_max] = float_activation_range(self.activation);
            let spec = transpose_conv::Float32Spec { window, act_min, act_max };
            let arguments = vec![to.operand(0), to.operand(1), to.operand(2)];
            return to.call(Kernel::TransposeConvFloat32(spec), arguments);
        }
        if output.dtype == DType::I16 {
            let scale = symmetric("output", output)?;
            let [act_min, act_max] = quantized_activation_range(DType::I16, self.activation, scale, 0)?;
            let [bias, multiplier, shift] = wide_constants(operands, output, window.in_c, to)?;
            let spec = transpose_conv::Int16Spec { window, act_min, act_max };
            let arguments = vec![to.operand(0), to.operand(1), bias, multiplier, shift];
            return to.call(Kernel::TransposeConvInt16(spec), arguments);
        }
        let (_, input_zero_point) = per_tensor("input", operands.get(0)?)?;
        let (output_scale, output_zero_point) = per_tensor("output", output)?;
        let [act_min, act_max] = activation_range(self.activation, output_scale, output_zero_point)?;
        let [multiplier, shift] = channel_constants(operands, output, window.in_c, to)?;
        let spec = transpose_conv::Int8Spec { window, input_zero_point, output_zero_point, act_min, act_max };
        let arguments = vec![to.operand(0), to.operand(1), to.operand(2), multiplier, shift];
        to.call(Kernel::TransposeConvInt8(spec), arguments)
    }
}
