//! MEAN: `y = sum of x / their number` over the reduced axes.

use smidgen_kernels::ops::mean;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::reduction::{self, Reduced, reduced};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{Multiplier, per_tensor, rescale_multiplier};
use crate::tensor::DType;

/// Attributes of MEAN. Inputs: x; the axes operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    /// The dimensions that are averaged; negative ones count from the last. None are reduced where it is empty.
    pub axes: Vec<i32>,
    /// Whether they stay with an extent of 1.
    pub keep_dims: bool,
}

/// QuantizedMeanOrSum: the multiplier of the scales, shifted left as far as its 32 bits allow and divided by `count`.
fn mean_multiplier(input: f32, output: f32, count: usize) -> Result<Multiplier, String> {
    let Multiplier { multiplier, shift } = rescale_multiplier(input, output)?;
    let bits = i64::from(count.checked_ilog2().unwrap_or(0)).min(32).min(31 + i64::from(shift));
    // The divisor is at least 2^bits, so that the quotient is at most the multiplier.
    let divided = (i64::from(multiplier) << bits) / i64::try_from(count.max(1)).unwrap_or(i64::MAX);
    Ok(Multiplier { multiplier: divided as i32, shift: shift - bits as i32 })
}

impl Operator for Mean {
    fn name() -> &'static str {
        "MEAN"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        let (axes, keep_dims) = reduction::read(attributes)?;
        Ok(Mean { axes, keep_dims })
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
        let Reduced { shape, axes, count } = reduced(input, &self.axes)?;
        let arguments = vec![to.operand(0)];
        if output.dtype == DType::F32 {
            return to.call(Kernel::MeanFloat32(mean::Float32Spec { shape, axes }), arguments);
        }
        let (input_scale, input_zero_point) = per_tensor("input", input)?;
        let (output_scale, output_zero_point) = per_tensor("output", output)?;
        let Multiplier { multiplier, shift } = mean_multiplier(input_scale, output_scale, count)?;
        let kernel = if output.dtype == DType::I16 {
            Kernel::MeanInt16(mean::Int16Spec { shape, axes, multiplier, shift })
        } else {
            Kernel::MeanInt8(mean::Int8Spec {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_divides_the_multiplier() {
        let check = |input, output, count, multiplier, shift| {
            assert_eq!(mean_multiplier(input, output, count), Ok(Multiplier { multiplier, shift }));
        };
        check(0.5, 0.5, 1, 1 << 30, 1);
        check(0.5, 0.5, 4, 1 << 30, -1);
        // 2^30 * 2 / 3, rounded down.
        check(0.5, 0.5, 3, 715_827_882, 0);
        // One bit is left to shift by: 2^31 / 6, rounded down.
        check(0.5, 2f32.powi(30), 6, 357_913_941, -31);
    }
}
