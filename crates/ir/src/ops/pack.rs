//! PACK: operands of one shape become the indices of a new dimension.

use super::attributes::Attributes;
use super::movers::{axis_of, lower_joined, one_type, same_quant_throughout};
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use crate::lower::NodeLowering;
use crate::tensor::Tensor;

/// Attributes of PACK. Inputs: any number, at least 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Pack {
    /// Which dimension of the result is the new one, negative from the back.
    pub axis: i32,
}

impl Operator for Pack {
    fn name() -> &'static str {
        "PACK"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Pack { axis: attributes.take("axis")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("axis", self.axis)
    }

    fn is_variadic(&self) -> bool {
        true
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let dtype = one_type(operands, 0)?;
        let first = operands.get(0)?;
        for at in 1..operands.len() {
            let next = operands.get(at)?;
            if next.shape != first.shape {
                let (first, next) = (&first.shape, &next.shape);
                return Err(format!("its operands must have one shape, found {first:?} and {next:?}"));
            }
        }
        let mut shape = first.shape.clone();
        shape.insert(axis_of(self.axis, first.shape.len() + 1)?, operands.len());
        Ok(TensorType::one(dtype, shape))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let moved: Vec<&Tensor> = operands.tensors.iter().copied().flatten().collect();
        same_quant_throughout(&moved, results)
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
        lower_joined(operands, output, axis_of(self.axis, output.shape.len())?, to)
    }
}
