//! PADV2: one value around the data.

use super::attributes::Attributes;
use super::movers::{kernel_by_width, one_type, same_quant_throughout};
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::pad::{padded, read_paddings, spec, with_paddings};
use crate::lower::NodeLowering;

/// Attributes of PADV2. Inputs: x, value (one element); the paddings operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct PadV2 {
    /// For each dimension, elements before and after.
    pub paddings: Vec<[usize; 2]>,
}

impl Operator for PadV2 {
    fn name() -> &'static str {
        "PADV2"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(PadV2 { paddings: read_paddings(attributes)? })
    }

    fn attributes(&self) -> Attributes {
        with_paddings(Attributes::default(), &self.paddings)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "value"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let (input, value) = (operands.get(0)?, operands.get(1)?);
        let dtype = one_type(operands, 0)?;
        if value.n_elements() != 1 {
            return Err(format!("its value must be one element, found shape {:?}", value.shape));
        }
        Ok(TensorType::one(dtype, padded(input, &self.paddings)?))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        same_quant_throughout(&[operands.get(0)?, operands.get(1)?], results)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::SameAsInput
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let spec = spec(input, &self.paddings)?;
        let kernel = kernel_by_width!(input.dtype, spec, Pad8, Pad16, Pad32, Pad64)?;
        let arguments = vec![to.operand(0), to.operand(1)];
        to.call(kernel, arguments)
    }
}
