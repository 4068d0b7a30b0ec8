//! DEPTH_TO_SPACE: the channels of each pixel become the pixels of a block.

use super::attributes::Attributes;
use super::movers::{Movement, keeps_quant, movable};
use super::operator::{Operands, Operator, Results, TensorType, rank_4};
use crate::lower::NodeLowering;

/// Attributes of DEPTH_TO_SPACE. Inputs: x, NHWC.
#[derive(Debug, Clone, PartialEq)]
pub struct DepthToSpace {
    /// Rows and columns of a block.
    pub block: usize,
}

impl Operator for DepthToSpace {
    keeps_quant!();

    fn name() -> &'static str {
        "DEPTH_TO_SPACE"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(DepthToSpace { block: attributes.take("block")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("block", self.block)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        let [n, h, w, c] = rank_4("input", input)?;
        let pixels =
            self.block.checked_mul(self.block).filter(|&pixels| pixels > 0 && c.is_multiple_of(pixels));
        let pixels = pixels
            .ok_or_else(|| format!("its block of {0} × {0} pixels must divide {c} channels", self.block))?;
        let extent = |extent: usize| extent.checked_mul(self.block).ok_or("its result is too large");
        Ok(TensorType::one(dtype, vec![n, extent(h)?, extent(w)?, c / pixels]))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let [n, h, w, c] = rank_4("input", input)?;
        let depth = c / (self.block * self.block);
        let row = (self.block * depth) as isize;
        let axes = [
            (n, (h * w * c) as isize),
            (h, (w * c) as isize),
            (self.block, row),
            (w, c as isize),
            (self.block, depth as isize),
            (depth, 1),
        ];
        Movement::whole(input, 0, &axes).lower(input.dtype, to)
    }
}
