//! TILE: the input several times along each dimension.

use super::attributes::Attributes;
use super::movers::{Movement, keeps_quant, movable, strides};
use super::operator::{Operands, Operator, Results, TensorType};
use crate::lower::NodeLowering;

/// Attributes of TILE. Inputs: x; the multiples operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// How often the input stands along each dimension.
    pub multiples: Vec<usize>,
}

impl Operator for Tile {
    keeps_quant!();

    fn name() -> &'static str {
        "TILE"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Tile { multiples: attributes.take_list("multiples")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with_list("multiples", &self.multiples)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        if self.multiples.len() != input.shape.len() || self.multiples.contains(&0) {
            return Err(format!(
                "its multiples {:?} must be at least 1, one for each of {} dimensions",
                self.multiples,
                input.shape.len()
            ));
        }
        let extents = input.shape.iter().zip(&self.multiples);
        let extents = extents.map(|(extent, &multiple)| extent.checked_mul(multiple));
        let shape = extents.collect::<Option<_>>().ok_or("its result is too large")?;
        Ok(TensorType::one(movable("input", input)?, shape))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let dimensions = input.shape.iter().zip(strides(&input.shape)).zip(&self.multiples);
        let axes: Vec<_> =
            dimensions.flat_map(|((&extent, step), &multiple)| [(multiple, 0), (extent, step)]).collect();
        Movement::whole(input, 0, &axes).lower(input.dtype, to)
    }
}
