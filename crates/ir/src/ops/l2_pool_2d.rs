//! L2_POOL_2D: the root of the mean square of each window and channel, over the elements that lie inside the data. float32.

use smidgen_kernels::ops::l2_pool_2d;
use smidgen_kernels::window::Window;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, rank_4};
use super::sliding::Sliding;
use super::{Activation, Padding};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::float_activation_range;
use crate::tensor::DType;

/// Attributes of L2_POOL_2D. Inputs: x, NHWC.
#[derive(Debug, Clone, PartialEq)]
pub struct L2Pool2d {
    /// Window height and width.
    pub window: [usize; 2],
    /// Stride along height and width.
    pub stride: [usize; 2],
    /// Padding.
    pub padding: Padding,
    /// Fused activation.
    pub activation: Activation,
}

impl L2Pool2d {
    /// The window that slides over an input (NHWC).
    ///
    /// # Errors
    /// A window that does not fit the input.
    pub fn window(&self, input: [usize; 4]) -> Result<Window, String> {
        let L2Pool2d { window, stride, padding, .. } = *self;
        Sliding { size: window, stride, dilation: [1, 1], padding }.over(input, input[3])
    }
}

impl Operator for L2Pool2d {
    fn name() -> &'static str {
        "L2_POOL_2D"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(L2Pool2d {
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
        if input.dtype != DType::F32 {
            return Err(format!("its input must be float32, found {}", input.dtype.name()));
        }
        let window = self.window(rank_4("input", input)?)?;
        Ok(TensorType::one(DType::F32, vec![window.batches, window.out_h, window.out_w, window.out_c]))
    }

    fn quant(&self, _operands: &Operands<'_>, _results: &Results<'_>) -> Result<(), String> {
        Ok(())
    }

    fn activation_mut(&mut self) -> Option<&mut Activation> {
        Some(&mut self.activation)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::NotQuantized
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let window = self.window(rank_4("input", operands.get(0)?)?)?;
        let [act_min, act_max] = float_activation_range(self.activation);
        let kernel = Kernel::L2Pool2dFloat32(l2_pool_2d::Float32Spec { window, act_min, act_max });
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
