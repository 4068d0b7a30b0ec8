//! SPACE_TO_BATCH_ND: images are padded, and each pixel of a block goes to a batch of its own.

use smidgen_kernels::ops::space_to_batch_nd::Spec;

use super::attributes::Attributes;
use super::movers::{call_with_zero, keeps_quant, kernel_by_width, movable};
use super::operator::{Operands, Operator, Results, TensorType};
use super::pad::{read_paddings, with_paddings};
use crate::lower::NodeLowering;
use crate::tensor::Tensor;

/// Attributes of SPACE_TO_BATCH_ND. Inputs: x, NHWC or NHC; the operands of TFLite for block and paddings are attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct SpaceToBatchNd {
    /// Extent of a block in each direction: rows and columns, or rows only.
    pub block: Vec<usize>,
    /// For each direction, zeros before and after.
    pub paddings: Vec<[usize; 2]>,
}

/// An NHWC or NHC shape as NHWC, with block and the two sides of its edges in both directions.
pub(super) type Cells = ([usize; 4], [usize; 2], [usize; 2], [usize; 2]);

/// Brings shape, block and edges to two directions.
pub(super) fn cells(tensor: &Tensor, block: &[usize], edges: &[[usize; 2]]) -> Result<Cells, String> {
    let shape = &tensor.shape;
    match (shape.as_slice(), block, edges) {
        (&[n, h, w, c], &[block_h, block_w], &[[top, bottom], [left, right]])
            if block_h > 0 && block_w > 0 =>
        {
            Ok(([n, h, w, c], [block_h, block_w], [top, left], [bottom, right]))
        }
        (&[n, h, c], &[block_h], &[[top, bottom]]) if block_h > 0 => {
            Ok(([n, h, 1, c], [block_h, 1], [top, 0], [bottom, 0]))
        }
        _ => Err(format!(
            "it must have an image of 4 dimensions with 2 block extents of at least 1 and 2 pairs of edges, or of 3 with \
             1, found shape {shape:?}, block {block:?} and edges {edges:?}"
        )),
    }
}

impl Operator for SpaceToBatchNd {
    keeps_quant!();

    fn name() -> &'static str {
        "SPACE_TO_BATCH_ND"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SpaceToBatchNd { block: attributes.take_list("block")?, paddings: read_paddings(attributes)? })
    }

    fn attributes(&self) -> Attributes {
        with_paddings(Attributes::default().with_list("block", &self.block), &self.paddings)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        let ([n, h, w, c], block, before, after) = cells(input, &self.block, &self.paddings)?;
        let cut = |extent: usize, at: usize| {
            let padded = extent.checked_add(before[at]).and_then(|sum| sum.checked_add(after[at]));
            padded.filter(|padded| padded.is_multiple_of(block[at])).map(|padded| padded / block[at])
        };
        let batches = block[0].checked_mul(block[1]).and_then(|pixels| pixels.checked_mul(n));
        let (Some(rows), Some(columns), Some(batches)) = (cut(h, 0), cut(w, 1), batches) else {
            return Err(format!(
                "its block {:?} must divide the image {:?} padded by {:?}",
                self.block, input.shape, self.paddings
            ));
        };
        let shape =
            if input.shape.len() == 4 { vec![batches, rows, columns, c] } else { vec![batches, rows, c] };
        Ok(TensorType::one(dtype, shape))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let (in_shape, block, before, after) = cells(input, &self.block, &self.paddings)?;
        let spec = Spec { in_shape, block, before, after };
        let kernel = kernel_by_width!(
            input.dtype,
            spec,
            SpaceToBatchNd8,
            SpaceToBatchNd16,
            SpaceToBatchNd32,
            SpaceToBatchNd64
        )?;
        call_with_zero(kernel, &[0], results.get(0)?, to)
    }
}
