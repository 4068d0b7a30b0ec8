//! CUMSUM: `y[i] = sum of x[k] over k <= i` along an axis; exclusive sums leave `x[i]` out, reverse ones start at the end.

use smidgen_kernels::ops::cumsum;

use super::attributes::Attributes;
use super::axis::{Split, split};
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, float_or_int8};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{Multiplier, per_tensor, quantize_multiplier_below_one};
use crate::tensor::{DType, Tensor};

/// Attributes of CUMSUM. Inputs: x; the axis operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Cumsum {
    /// The summed dimension; a negative one counts from the last.
    pub axis: i32,
    /// Whether an element is left out of its own sum.
    pub exclusive: bool,
    /// Whether sums start at the end.
    pub reverse: bool,
}

impl Cumsum {
    /// The scale of the sums, which have 19 fractional bits: 20 bits are added and twice the scale is divided by.
    fn multiplier(input: &Tensor, output: &Tensor) -> Result<Multiplier, String> {
        let ((input_scale, _), (output_scale, _)) =
            (per_tensor("input", input)?, per_tensor("output", output)?);
        let twice = 2.0 * f64::from(input_scale);
        quantize_multiplier_below_one(twice / (f64::from(1u32 << 20) * f64::from(output_scale)))
    }
}

impl Operator for Cumsum {
    fn name() -> &'static str {
        "CUMSUM"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        let axis = attributes.take("axis")?;
        Ok(Cumsum { axis, exclusive: attributes.take("exclusive")?, reverse: attributes.take("reverse")? })
    }

    fn attributes(&self) -> Attributes {
        let attributes = Attributes::default().with("axis", self.axis);
        attributes.with("exclusive", self.exclusive).with("reverse", self.reverse)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        float_or_int8("input", input)?;
        split(input, self.axis)?;
        Ok(vec![TensorType::of(input)])
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let output = results.get(0)?;
        if output.dtype == DType::I8 {
            Cumsum::multiplier(operands.get(0)?, output)?;
        }
        Ok(())
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
        let Split { outer, depth, inner, .. } = split(input, self.axis)?;
        let Cumsum { exclusive, reverse, .. } = *self;
        let kernel = if output.dtype == DType::I8 {
            let Multiplier { multiplier, shift } = Cumsum::multiplier(input, output)?;
            Kernel::CumsumInt8(cumsum::Int8Spec {
                outer,
                depth,
                inner,
                exclusive,
                reverse,
                input_zero_point: per_tensor("input", input)?.1,
                output_zero_point: per_tensor("output", output)?.1,
                multiplier,
                shift,
            })
        } else {
            Kernel::CumsumFloat32(cumsum::Float32Spec { outer, depth, inner, exclusive, reverse })
        };
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
