//! RESIZE_NEAREST_NEIGHBOR: images of another size, each pixel the nearest of the input's.

use smidgen_kernels::ops::resize_nearest_neighbor::Spec;

use super::attributes::Attributes;
use super::movers::{keeps_quant, kernel_by_width, movable};
use super::operator::{Operands, Operator, Results, TensorType, rank_4};
use crate::lower::NodeLowering;
use crate::program::Elem;
use crate::tensor::{DType, Tensor};

/// Attributes of RESIZE_NEAREST_NEIGHBOR. Inputs: x, NHWC; the size operand of TFLite is an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct ResizeNearestNeighbor {
    /// Rows and columns of the result.
    pub size: [usize; 2],
    /// Whether the corner pixels of input and result have the same centres.
    pub align_corners: bool,
    /// Whether a pixel's position is its centre instead of its corner.
    pub half_pixel_centers: bool,
}

impl ResizeNearestNeighbor {
    /// The input's row (column) for each row (column) of the result, as TFLM's GetNearestNeighbor computes it in float32.
    fn sources(&self, input: usize, output: usize) -> Vec<i16> {
        let scale = if self.align_corners && output > 1 {
            (input - 1) as f32 / (output - 1) as f32
        } else {
            input as f32 / output as f32
        };
        let offset = if self.half_pixel_centers { 0.5 } else { 0.0 };
        let source = |at: usize| {
            let position = (at as f32 + offset) * scale;
            let nearest = if self.align_corners { position.round() } else { position.floor() };
            // The kernel takes at most 2^15 rows and columns.
            nearest.min((input - 1) as f32).max(0.0) as i16
        };
        (0..output).map(source).collect()
    }
}

/// The type of a resized image.
pub(super) fn resized(input: &Tensor, dtype: DType, size: [usize; 2]) -> Result<Vec<TensorType>, String> {
    let [n, h, w, c] = rank_4("input", input)?;
    if size.iter().any(|&extent| extent == 0 || extent > 1 << 15) || h > 1 << 15 || w > 1 << 15 {
        return Err(format!(
            "an image of {h} × {w} resized to {size:?} must have 1 to 32768 rows and columns"
        ));
    }
    Ok(TensorType::one(dtype, vec![n, size[0], size[1], c]))
}

impl Operator for ResizeNearestNeighbor {
    keeps_quant!();

    fn name() -> &'static str {
        "RESIZE_NEAREST_NEIGHBOR"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(ResizeNearestNeighbor {
            size: attributes.take_pair("size")?,
            align_corners: attributes.take("align_corners")?,
            half_pixel_centers: attributes.take("half_pixel_centers")?,
        })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
            .with_list("size", &self.size)
            .with("align_corners", self.align_corners)
            .with("half_pixel_centers", self.half_pixel_centers)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        resized(input, movable("input", input)?, self.size)
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let in_shape = rank_4("input", input)?;
        let [_, in_h, in_w, _] = in_shape;
        let [out_h, out_w] = self.size;
        let table = |sources: Vec<i16>| sources.into_iter().flat_map(i16::to_le_bytes).collect();
        let rows = to.constant("rows", Elem::I16, table(self.sources(in_h, out_h)));
        let columns = to.constant("columns", Elem::I16, table(self.sources(in_w, out_w)));
        let kernel = kernel_by_width!(
            input.dtype,
            Spec { in_shape, out_h, out_w },
            ResizeNearestNeighbor8,
            ResizeNearestNeighbor16,
            ResizeNearestNeighbor32,
            ResizeNearestNeighbor64
        )?;
        let arguments = vec![to.operand(0), rows, columns];
        to.call(kernel, arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_by_hand() {
        let resize = |align_corners, half_pixel_centers| ResizeNearestNeighbor {
            size: [1, 1],
            align_corners,
            half_pixel_centers,
        };
        assert_eq!(resize(false, false).sources(2, 5), [0, 0, 0, 1, 1]);
        assert_eq!(resize(true, false).sources(2, 5), [0, 0, 1, 1, 1]);
        assert_eq!(resize(false, true).sources(4, 2), [1, 3]);
        assert_eq!(resize(true, true).sources(3, 3), [1, 2, 2]);
        assert_eq!(resize(true, false).sources(3, 1), [0]);
    }
}
