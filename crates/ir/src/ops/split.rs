//! SPLIT: equal parts of the input along one dimension.

use super::attributes::Attributes;
use super::movers::{Axis, Movement, axis_of, keeps_quant, movable};
use super::operator::{Operands, Operator, Results, TensorType};
use crate::lower::NodeLowering;
use crate::tensor::Tensor;

/// Attributes of SPLIT. Inputs: x; the axis operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// The dimension that is cut, negative from the back.
    pub axis: i32,
    /// Parts, and results.
    pub parts: usize,
}

impl Operator for Split {
    keeps_quant!();

    fn name() -> &'static str {
        "SPLIT"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Split { axis: attributes.take("axis")?, parts: attributes.take("parts")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("axis", self.axis).with("parts", self.parts)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        let axis = axis_of(self.axis, input.shape.len())?;
        let extent = input.shape[axis];
        if self.parts == 0 || self.parts > extent || !extent.is_multiple_of(self.parts) {
            return Err(format!(
                "its axis {} has extent {extent}, which does not give {} equal parts",
                self.axis, self.parts
            ));
        }
        let mut shape = input.shape.clone();
        shape[axis] = extent / self.parts;
        Ok(vec![TensorType { dtype, shape }; self.parts])
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

/// Copies parts of the input, one behind the other along a dimension, to the results.
pub(super) fn lower_parts(
    input: &Tensor,
    axis: usize,
    results: &Results<'_>,
    to: &mut NodeLowering<'_>,
) -> Result<(), String> {
    let row: usize = input.shape[axis..].iter().product();
    let outer = input.shape[..axis].iter().product();
    let mut in_start = 0;
    for (at, result) in results.tensors.iter().enumerate() {
        let out_len = result.n_elements();
        let part = out_len / outer;
        let movement = Movement {
            axes: vec![
                Axis { extent: outer, in_stride: row as isize, out_stride: part as isize },
                Axis { extent: part, in_stride: 1, out_stride: 1 },
            ],
            in_len: input.n_elements(),
            in_start,
            out_len,
            out_start: 0,
        };
        in_start += part;
        let (operand, target) = (to.operand(0), to.result(at)?);
        movement.call(input.dtype, operand, target, to)?;
    }
    Ok(())
}
