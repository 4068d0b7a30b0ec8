//! GATHER_ND: slices chosen by coordinates on the leading dimensions.

use smidgen_kernels::ops::gather_nd::Spec;

use super::attributes::Attributes;
use super::gather::check_positions;
use super::movers::{keeps_quant, kernel_by_width, movable};
use super::operator::{Operands, Operator, Results, TensorType};
use crate::lower::NodeLowering;
use crate::tensor::Tensor;

/// GATHER_ND has no attributes. Inputs: x, positions (int32), whose last dimension holds the coordinates of a slice.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GatherNd {}

/// Coordinates of a slice.
fn coordinates(input: &Tensor, positions: &Tensor) -> Result<usize, String> {
    let coordinates = positions.shape.last().copied().unwrap_or(0);
    if coordinates == 0 || coordinates > input.shape.len() || coordinates > 6 {
        let dimensions = input.shape.len();
        return Err(format!(
            "its positions {:?} must end in 1 to 6 coordinates for an input of {dimensions} dimensions",
            positions.shape
        ));
    }
    Ok(coordinates)
}

impl Operator for GatherNd {
    keeps_quant!();

    fn name() -> &'static str {
        "GATHER_ND"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(GatherNd {})
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "positions"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let (input, positions) = (operands.get(0)?, operands.get(1)?);
        let dtype = movable("input", input)?;
        let coordinates = coordinates(input, positions)?;
        check_positions(positions, |at| input.shape[at % coordinates])?;
        let slices = &positions.shape[..positions.shape.len() - 1];
        Ok(TensorType::one(dtype, [slices, &input.shape[coordinates..]].concat()))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let (input, positions) = (operands.get(0)?, operands.get(1)?);
        let coordinates = coordinates(input, positions)?;
        let mut extents = [1; 6];
        for (to, &extent) in extents.iter_mut().zip(&input.shape[..coordinates]) {
            *to = extent;
        }
        let spec = Spec {
            extents,
            coordinates,
            inner: input.shape[coordinates..].iter().product(),
            slices: positions.n_elements() / coordinates,
        };
        let kernel = kernel_by_width!(input.dtype, spec, GatherNd8, GatherNd16, GatherNd32, GatherNd64)?;
        let arguments = vec![to.operand(0), to.operand(1)];
        to.call(kernel, arguments)
    }
}
