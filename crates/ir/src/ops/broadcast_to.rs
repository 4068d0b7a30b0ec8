//! BROADCAST_TO: dimensions of extent 1 are stretched, and new ones put before them.

use super::attributes::Attributes;
use super::movers::{Movement, keeps_quant, movable, strides};
use super::operator::{Operands, Operator, Results, TensorType};
use crate::lower::NodeLowering;

/// Attributes of BROADCAST_TO. Inputs: x; the shape operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct BroadcastTo {
    /// Extents of the result.
    pub shape: Vec<usize>,
}

impl Operator for BroadcastTo {
    keeps_quant!();

    fn name() -> &'static str {
        "BROADCAST_TO"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(BroadcastTo { shape: attributes.take_list("shape")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with_list("shape", &self.shape)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        let mut pairs = input.shape.iter().rev().zip(self.shape.iter().rev());
        let fits = |(&from, &to): (&usize, &usize)| from == to || from == 1;
        if input.shape.len() > self.shape.len() || !pairs.all(fits) {
            return Err(format!("its input {:?} does not broadcast to {:?}", input.shape, self.shape));
        }
        Ok(TensorType::one(dtype, self.shape.clone()))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let new = self.shape.len() - input.shape.len();
        let mut axes: Vec<_> = self.shape.iter().map(|&extent| (extent, 0)).collect();
        for ((axis, &extent), step) in axes.iter_mut().skip(new).zip(&input.shape).zip(strides(&input.shape))
        {
            axis.1 = if extent == 1 { 0 } else { step };
        }
        Movement::whole(input, 0, &axes).lower(input.dtype, to)
    }
}
