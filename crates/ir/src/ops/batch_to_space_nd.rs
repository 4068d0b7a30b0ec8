//! BATCH_TO_SPACE_ND: batches become the pixels of blocks again, and the edges are cut off.

use smidgen_kernels::ops::batch_to_space_nd::Spec;

use super::attributes::Attributes;
use super::movers::{keeps_quant, kernel_by_width, movable};
use super::operator::{Operands, Operator, Results, TensorType};
use super::pad::{read_paddings, with_paddings};
use super::space_to_batch_nd::cells;
use crate::lower::NodeLowering;

/// Attributes of BATCH_TO_SPACE_ND. Inputs: x, NHWC or NHC; the operands of TFLite for block and crops are attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchToSpaceNd {
    /// Extent of a block in each direction: rows and columns, or rows only.
    pub block: Vec<usize>,
    /// For each direction, what is cut off before and after.
    pub crops: Vec<[usize; 2]>,
}

impl Operator for BatchToSpaceNd {
    keeps_quant!();

    fn name() -> &'static str {
        "BATCH_TO_SPACE_ND"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(BatchToSpaceNd { block: attributes.take_list("block")?, crops: read_paddings(attributes)? })
    }

    fn attributes(&self) -> Attributes {
        with_paddings(Attributes::default().with_list("block", &self.block), &self.crops)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        let ([n, h, w, c], block, before, after) = cells(input, &self.block, &self.crops)?;
        let joined = |extent: usize, at: usize| {
            let whole = extent.checked_mul(block[at])?.checked_sub(before[at])?.checked_sub(after[at])?;
            (whole > 0).then_some(whole)
        };
        let pixels = block[0].checked_mul(block[1]).filter(|&pixels| n.is_multiple_of(pixels));
        let (Some(rows), Some(columns), Some(pixels)) = (joined(h, 0), joined(w, 1), pixels) else {
            return Err(format!(
                "its block {:?} must divide {n} batches, and its crops {:?} leave something of the image",
                self.block, self.crops
            ));
        };
        let images = n / pixels;
        let shape =
            if input.shape.len() == 4 { vec![images, rows, columns, c] } else { vec![images, rows, c] };
        Ok(TensorType::one(dtype, shape))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let (input, output) = (operands.get(0)?, results.get(0)?);
        let (out_shape, block, before, after) = cells(output, &self.block, &self.crops)?;
        let spec = Spec { out_shape, block, before, after };
        let kernel = kernel_by_width!(
            input.dtype,
            spec,
            BatchToSpaceNd8,
            BatchToSpaceNd16,
            BatchToSpaceNd32,
            BatchToSpaceNd64
        )?;
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
