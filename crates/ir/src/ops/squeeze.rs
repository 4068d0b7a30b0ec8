//! SQUEEZE: the same elements without dimensions of extent 1.

use super::attributes::Attributes;
use super::movers::{axis_of, keeps_quant, movable};
use super::operator::{Operands, Operator, Results, TensorType};
use super::reshape;
use crate::lower::NodeLowering;

/// Attributes of SQUEEZE. Inputs: x.
#[derive(Debug, Clone, PartialEq)]
pub struct Squeeze {
    /// The dimensions to leave out, negative from the back; all of extent 1 when there are none.
    pub axes: Vec<i32>,
}

impl Operator for Squeeze {
    keeps_quant!();

    fn name() -> &'static str {
        "SQUEEZE"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Squeeze { axes: attributes.take_list("axes")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with_list("axes", &self.axes)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        let mut left_out: Vec<bool> = input.shape.iter().map(|&extent| extent == 1).collect();
        if !self.axes.is_empty() {
            let ones = std::mem::replace(&mut left_out, vec![false; input.shape.len()]);
            for &axis in &self.axes {
                let at = axis_of(axis, input.shape.len())?;
                if !ones[at] {
                    return Err(format!("its axis {axis} must have extent 1, found {}", input.shape[at]));
                }
                left_out[at] = true;
            }
        }
        let kept = input.shape.iter().zip(left_out).filter(|&(_, left_out)| !left_out);
        Ok(TensorType::one(dtype, kept.map(|(&extent, _)| extent).collect()))
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
