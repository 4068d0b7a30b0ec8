//! MAX_POOL_2D: the maximum of each window and channel.

use smidgen_kernels::ops::max_pool_2d;
use smidgen_kernels::window::Window;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, activation_type, rank_4};
use super::sliding::Sliding;
use super::{Activation, Padding};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{
    activation_range, float_activation_range, per_tensor, quantized_activation_range, same_quant, symmetric,
};
use crate::tensor::DType;

/// Attributes of MAX_POOL_2D. Inputs: x, NHWC.
#[derive(Debug, Clone, PartialEq)]
pub struct MaxPool2d {
    /// Window height and width.
    pub window: [usize; 2],
    /// Stride along height and width.
    pub stride: [usize; 2],
    /// Padding.
    pub padding: Padding,
    /// Fused activation.
    pub activation: Activation,
}

impl MaxPool2d {
    /// The window that slides over an input (NHWC).
    ///
    /// # Errors
    /// A window that does not fit the input.
    pub fn window(&self, input: [usize; 4]) -> Result<Window, String> {
        let MaxPool2d { window, stride, padding, .. } = *self;
        Sliding { size: window, stride, dilation: [1, 1], padding }.over(input, input[3])
    }
}

impl Operator for MaxPool2d {
    fn name() -> &'static str {
        "MAX_POOL_2D"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(MaxPool2d {
            window: attributes.take_pair("window")?,
            stride: attributes.take_pair("stride")?,
            padding: attributes.take("padding")?,
            activation: attributes.take("activation")?,
        })
    }

    fn attributes(&self) -> Attributes {
        let attributes =
            Attributes::default().with_list("window", &self.window).with_list("stride", &self.stride);
        attributes.with("padding", self.padding).with("activation", self.activation)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = activation_type("input", input)?;
        let window = self.window(rank_4("input", input)?)?;
        Ok(TensorType::one(dtype, vec![window.batches, window.out_h, window.out_w, window.out_c]))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let output = results.get(0)?;
        same_quant("input", operands.get(0)?, output)
    }

    fn activation_mut(&mut self) -> Option<&mut Activation> {
        Some(&mut self.activation)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::SameAsInput
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let output = results.get(0)?;
        let window = self.window(rank_4("input", operands.get(0)?)?)?;
        let kernel = if output.dtype == DType::F32 {
            let [act_min, act_max] = float_activation_range(self.activation);
            Kernel::MaxPool2dFloat32(max_pool_2d::Float32Spec { window, act_min, act_max })
        } else if output.dtype == DType::I16 {
            let scale = symmetric("output", output)?;
            let [act_min, act_max] = quantized_activation_range(DType::I16, self.activation, scale, 0)?;
            Kernel::MaxPool2dInt16(max_pool_2d::Int16Spec { window, act_min, act_max })
        } else {
            let (scale, zero_point) = per_tensor("output", output)?;
            let [act_min, act_max] = activation_range(self.activation, scale, zero_point)?;
            Kernel::MaxPool2dInt8(max_pool_2d::Int8Spec { window, act_min, act_max })
        };
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
