//! TRANSPOSE: the dimensions in another order.

use super::attributes::Attributes;
use super::movers::{Movement, keeps_quant, movable, strides};
use super::operator::{Operands, Operator, Results, TensorType};
use crate::lower::NodeLowering;

/// Attributes of TRANSPOSE. Inputs: x; the permutation operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Transpose {
    /// For each dimension of the result, the dimension of the input that it is.
    pub permutation: Vec<usize>,
}

impl Operator for Transpose {
    keeps_quant!();

    fn name() -> &'static str {
        "TRANSPOSE"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Transpose { permutation: attributes.take_list("permutation")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with_list("permutation", &self.permutation)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        let mut sorted = self.permutation.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..input.shape.len()) {
            return Err(format!(
                "its permutation {:?} must have each of the input's {} dimensions once",
                self.permutation,
                input.shape.len()
            ));
        }
        Ok(TensorType::one(dtype, self.permutation.iter().map(|&axis| input.shape[axis]).collect()))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let steps = strides(&input.shape);
        let axes: Vec<_> = self.permutation.iter().map(|&axis| (input.shape[axis], steps[axis])).collect();
        Movement::whole(input, 0, &axes).lower(input.dtype, to)
    }
}
