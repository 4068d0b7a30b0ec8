//! REVERSE_V2: the elements in the opposite order along dimensions.

use super::attributes::Attributes;
use super::movers::{Movement, axis_of, keeps_quant, movable, strides};
use super::operator::{Operands, Operator, Results, TensorType};
use crate::lower::NodeLowering;

/// Attributes of REVERSE_V2. Inputs: x; the axes operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct ReverseV2 {
    /// The dimensions to turn around, negative from the back.
    pub axes: Vec<i32>,
}

impl Operator for ReverseV2 {
    keeps_quant!();

    fn name() -> &'static str {
        "REVERSE_V2"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(ReverseV2 { axes: attributes.take_list("axes")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with_list("axes", &self.axes)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let mut turned = vec![false; input.shape.len()];
        for &axis in &self.axes {
            if std::mem::replace(&mut turned[axis_of(axis, input.shape.len())?], true) {
                return Err(format!("its axes {:?} must name each dimension once at most", self.axes));
            }
        }
        Ok(TensorType::one(movable("input", input)?, input.shape.clone()))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let mut axes: Vec<_> = input.shape.iter().copied().zip(strides(&input.shape)).collect();
        let mut start = 0;
        for &axis in &self.axes {
            let (extent, step) = &mut axes[axis_of(axis, input.shape.len())?];
            start += (*extent - 1) * step.unsigned_abs();
            *step = -*step;
        }
        Movement::whole(input, start, &axes).lower(input.dtype, to)
    }
}
