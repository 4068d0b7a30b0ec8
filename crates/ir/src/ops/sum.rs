//! SUM: `y = sum of x` over the reduced axes.

use smidgen_kernels::ops::sum;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::reduction::{self, Reduced, reduced};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{Multiplier, per_tensor, rescale_multiplier};
use crate::tensor::DType;

/// Attributes of SUM. Inputs: x; the axes operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    /// The dimensions that are summed; negative ones count from the last. None are reduced where it is empty.
    pub axes: Vec<i32>,
    /// Whether they stay with an extent of 1.
    pub keep_dims: bool,
}

impl Operator for Sum {
    fn name() -> &'static str {
        "SUM"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        let (axes, keep_dims) = reduction::read(attributes)?;
        Ok(Sum { axes, keep_dims })
    }

    fn attributes(&self) -> Attributes {
        reduction::attributes(&self.axes, self.keep_dims)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        reduction::infer(operands, &self.axes, self.keep_dims, &[DType::F32, DType::I8, DType::I16])
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let output = results.get(0)?;
        if !output.dtype.is_quantized() {
            return Ok(());
        }
        let ((input_scale, input_zero), (output_scale, output_zero)) =
            (per_tensor("input", operands.get(0)?)?, per_tensor("output", output)?);
        if output.dtype == DType::I16 && (input_zero, output_zero) != (0, 0) {
            return Err(format!(
                "its int16 input and output must have zero point 0, found {input_zero} and {output_zero}"
            ));
        }
        rescale_multiplier(input_scale, output_scale).map(|_| ())
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::Calibrated
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let (input, output) = (operands.get(0)?, results.get(0)?);
        let Reduced { shape, axes, .. } = reduced(input, &self.axes)?;
        let arguments = vec![to.operand(0)];
        if output.dtype == DType::F32 {
            return to.call(Kernel::SumFloat32(sum::Float32Spec { shape, axes }), arguments);
        }
        let (input_scale, input_zero_point) = per_tensor("input", input)?;
        let (output_scale, output_zero_point) = per_tensor("output", output)?;
        let Multiplier { multiplier, shift } = rescale_multiplier(input_scale, output_scale)?;
        let kernel = if output.dtype == DType::I16 {
            Kernel::SumInt16(sum::Int16Spec { shape, axes, multiplier, shift })
        } else {
            Kernel::SumInt8(sum::Int8Spec {
                shape,
                axes,
                input_zero_point,
                output_zero_point,
                multiplier,
                shift,
            })
        };
        to.call(kernel, arguments)
    }
}
