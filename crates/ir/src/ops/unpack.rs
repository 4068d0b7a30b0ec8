//! UNPACK: each index of one dimension becomes a result without that dimension.

use super::attributes::Attributes;
use super::movers::{axis_of, keeps_quant, movable};
use super::operator::{Operands, Operator, Results, TensorType};
use super::split::lower_parts;
use crate::lower::NodeLowering;

/// Attributes of UNPACK. Inputs: x.
#[derive(Debug, Clone, PartialEq)]
pub struct Unpack {
    /// The dimension that is taken apart, negative from the back.
    pub axis: i32,
}

impl Operator for Unpack {
    keeps_quant!();

    fn name() -> &'static str {
        "UNPACK"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Unpack { axis: attributes.take("axis")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("axis", self.axis)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        let mut shape = input.shape.clone();
        let parts = shape.remove(axis_of(self.axis, input.shape.len())?);
        // Each result is a tensor of the model, of which there are fewer.
        if parts > 1 << 16 {
            return Err(format!("it would have {parts} results, at most 65536 are supported"));
        }
        Ok(vec![TensorType { dtype, shape }; parts])
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        lower_parts(input, axis_of(self.axis, input.shape.len())?, results, to)
    }
}
