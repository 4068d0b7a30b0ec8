//! EXPAND_DIMS: the same elements with one more dimension of extent 1.

use super::attributes::Attributes;
use super::movers::{axis_of, keeps_quant, movable};
use super::operator::{Operands, Operator, Results, TensorType};
use super::reshape;
use crate::lower::NodeLowering;

/// Attributes of EXPAND_DIMS. Inputs: x; the axis operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpandDims {
    /// Which dimension of the result is the new one, negative from the back.
    pub axis: i32,
}

impl Operator for ExpandDims {
    keeps_quant!();

    fn name() -> &'static str {
        "EXPAND_DIMS"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(ExpandDims { axis: attributes.take("axis")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("axis", self.axis)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        let mut shape = input.shape.clone();
        shape.insert(axis_of(self.axis, input.shape.len() + 1)?, 1);
        Ok(TensorType::one(dtype, shape))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        reshape::lower_same_elements(operands.get(0)?, to)
    }
}
