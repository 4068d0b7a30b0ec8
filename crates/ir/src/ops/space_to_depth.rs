//! SPACE_TO_DEPTH: the pixels of each block become channels of one pixel.

use super::attributes::Attributes;
use super::movers::{Movement, keeps_quant, movable};
use super::operator::{Operands, Operator, Results, TensorType, rank_4};
use crate::lower::NodeLowering;

/// Attributes of SPACE_TO_DEPTH. Inputs: x, NHWC.
#[derive(Debug, Clone, PartialEq)]
pub struct SpaceToDepth {
    /// Rows and columns of a block.
    pub block: usize,
}

impl Operator for SpaceToDepth {
    keeps_quant!();

    fn name() -> &'static str {
        "SPACE_TO_DEPTH"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SpaceToDepth { block: attributes.take("block")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("block", self.block)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        let [n, h, w, c] = rank_4("input", input)?;
        let block = self.block;
        if block == 0 || !h.is_multiple_of(block) || !w.is_multiple_of(block) {
            return Err(format!("its block of {block} × {block} pixels must divide the image {h} × {w}"));
        }
        let depth = block.checked_mul(block).and_then(|pixels| pixels.checked_mul(c));
        Ok(TensorType::one(dtype, vec![n, h / block, w / block, depth.ok_or("its result is too large")?]))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let [n, h, w, c] = rank_4("input", input)?;
        let (block, pixel, row) = (self.block, c as isize, (w * c) as isize);
        let step = block as isize;
        let axes = [
            (n, row * h as isize),
            (h / block, row * step),
            (w / block, pixel * step),
            (block, row),
            (block, pixel),
            (c, 1),
        ];
        Movement::whole(input, 0, &axes).lower(input.dtype, to)
    }
}
