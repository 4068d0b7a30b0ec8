//! AVERAGE_POOL_2D: the mean of each window and channel, over the elements that lie inside the data.

use smidgen_kernels::ops::average_pool_2d;
use smidgen_kernels::window::Window;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, activation_type, rank_4};
use super::sliding::Sliding;
use super::{Activation, Padding};
use crate::graph::Dialect;
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{
    activation_range, float_activation_range, per_tensor, quantized_activation_range, same_quant, symmetric,
};
use crate::tensor::DType;

/// Attributes of AVERAGE_POOL_2D. Inputs: x, NHWC.
#[derive(Debug, Clone, PartialEq)]
pub struct AveragePool2d {
    /// Window height and width.
    pub window: [usize; 2],
    /// Stride along height and width.
    pub stride: [usize; 2],
    /// Padding.
    pub padding: Padding,
    /// Fused activation.
    pub activation: Activation,
}

impl AveragePool2d {
    /// The window that slides over an input (NHWC).
    ///
    /// # Errors
    /// A window that does not fit the input.
    pub fn window(&self, input: [usize; 4]) -> Result<Window, String> {
        let AveragePool2d { window, stride, padding, .. } = *self;
        Sliding { size: window, stride, dilation: [1, 1], padding }.over(input, input[3])
    }
}

impl Operator for AveragePool2d {
    fn name() -> &'static str {
        "AVERAGE_POOL_2D"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(AveragePool2d {
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
            Kernel::AveragePool2dFloat32(average_pool_2d::Float32Spec { window, act_min, act_max })
        } else if output.dtype == DType::I16 {
            let scale = symmetric("output", output)?;
            let [act_min, act_max] = quantized_activation_range(DType::I16, self.activation, scale, 0)?;
            Kernel::AveragePool2dInt16(average_pool_2d::Int16Spec { window, act_min, act_max })
        } else {
            let (scale, zero_point) = per_tensor("output", output)?;
            let [act_min, act_max] = activation_range(self.activation, scale, zero_point)?;
            let spec = average_pool_2d::Int8Spec { window, act_min, act_max };
            match to.dialect() {
                Dialect::Tflm => Kernel::AveragePool2dInt8(spec),
                Dialect::Uint8 => Kernel::AveragePool2dInt8HalvesUp(spec),
            }
        };
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
