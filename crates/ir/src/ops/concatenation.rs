//! CONCATENATION: the operands one behind the other along one dimension.
//!
//! TFLM copies int8 elements as they are, whatever their scales; LiteRT refuses different scales, and so does this.

use super::attributes::Attributes;
use super::movers::{axis_of, lower_joined, one_type, same_quant_throughout};
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use crate::lower::NodeLowering;
use crate::tensor::Tensor;

/// Attributes of CONCATENATION. Inputs: any number, at least 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Concatenation {
    /// The dimension along which the operands follow each other, negative from the back.
    pub axis: i32,
}

impl Operator for Concatenation {
    fn name() -> &'static str {
        "CONCATENATION"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Concatenation { axis: attributes.take("axis")? })
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
        let axis = axis_of(self.axis, first.shape.len())?;
        let mut shape = first.shape.clone();
        for at in 1..operands.len() {
            let next = operands.get(at)?;
            let mut aligned = next.shape.clone();
            if let Some(extent) = aligned.get_mut(axis) {
                *extent = first.shape[axis];
            }
            if aligned != first.shape {
                return Err(format!(
                    "its operands must have the same extents but along axis {axis}, found {:?} and {:?}",
                    first.shape, next.shape
                ));
            }
            let sum = shape[axis].checked_add(next.shape[axis]);
            shape[axis] = sum.ok_or("its result is too large")?;
        }
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
