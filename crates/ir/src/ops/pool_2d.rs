//! What AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D share: the window, its attributes, and
//! [`super::operator::Operator`] itself.

use super::Activation;
use crate::scales::{per_tensor, quantized_activation_range, symmetric};
use crate::tensor::{DType, Tensor};

/// The range that a fused activation clamps a quantised result to.
pub(super) fn bounds(activation: Activation, output: &Tensor) -> Result<[i32; 2], String> {
    let (scale, zero_point) = match output.dtype {
        DType::I16 => (symmetric("output", output)?, 0),
        _ => per_tensor("output", output)?,
    };
    quantized_activation_range(output.dtype, activation, scale, zero_point)
}

/// Implements [`super::operator::Operator`] for a pool with a window, stride, padding and activation, whose method
/// `kernel` gives the kernel. `$types` are the element types that it takes.
macro_rules! pool_2d_operator {
    ($operator:ident, $name:literal, $types:expr, $quant:ident) => {
        impl $operator {
            /// The window that slides over an input (NHWC).
            ///
            /// # Errors
            /// A window that does not fit the input.
            pub fn window(&self, input: [usize; 4]) -> Result<smidgen_kernels::window::Window, String> {
                let $operator { window, stride, padding, .. } = *self;
                $crate::ops::sliding::Sliding { size: window, stride, dilation: [1, 1], padding }
                    .over(input, input[3])
            }
        }

        impl $crate::ops::operator::Operator for $operator {
            fn name() -> &'static str {
                $name
            }

            fn read(attributes: &mut $crate::ops::attributes::Attributes) -> Result<Self, String> {
                Ok($operator {
                    window: attributes.take_pair("window")?,
                    stride: attributes.take_pair("stride")?,
                    padding: attributes.take("padding")?,
                    activation: attributes.take("activation")?,
                })
            }

            fn attributes(&self) -> $crate::ops::attributes::Attributes {
                let attributes = $crate::ops::attributes::Attributes::default();
                let attributes =
                    attributes.with_list("window", &self.window).with_list("stride", &self.stride);
                attributes.with("padding", self.padding).with("activation", self.activation)
            }

            fn activation_mut(&mut self) -> Option<&mut $crate::ops::Activation> {
                Some(&mut self.activation)
            }

            fn infer(
                &self,
                operands: &$crate::ops::operator::Operands<'_>,
            ) -> Result<Vec<$crate::ops::operator::TensorType>, String> {
                let input = operands.get(0)?;
                $crate::ops::reduction::one_of("input", input, $types)?;
                let window = self.window($crate::ops::operator::rank_4("input", input)?)?;
                let shape = vec![window.batches, window.out_h, window.out_w, window.out_c];
                Ok($crate::ops::operator::TensorType::one(input.dtype, shape))
            }

            fn quant(
                &self,
                operands: &$crate::ops::operator::Operands<'_>,
                results: &$crate::ops::operator::Results<'_>,
            ) -> Result<(), String> {
                $crate::scales::same_quant("input", operands.get(0)?, results.get(0)?)
            }

            fn output_quant(&self) -> $crate::ops::operator::OutputQuant {
                $crate::ops::operator::OutputQuant::$quant
            }

            fn lower(
                &self,
                operands: &$crate::ops::operator::Operands<'_>,
                results: &$crate::ops::operator::Results<'_>,
                to: &mut $crate::lower::NodeLowering<'_>,
            ) -> Result<(), String> {
                let window = self.window($crate::ops::operator::rank_4("input", operands.get(0)?)?)?;
                let kernel = self.kernel(window, results.get(0)?, to.dialect())?;
                let arguments = vec![to.operand(0)];
                to.call(kernel, arguments)
            }
        }
    };
}

pub(super) use pool_2d_operator;
