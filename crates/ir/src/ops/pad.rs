//! PAD: zeros around the data (the zero point, when quantised).

use smidgen_kernels::ops::pad::Spec;

use super::attributes::Attributes;
use super::movers::{call_with_zero, keeps_quant, kernel_by_width, movable};
use super::operator::{Operands, Operator, Results, TensorType, rank_6};
use crate::lower::NodeLowering;
use crate::tensor::Tensor;

/// Attributes of PAD. Inputs: x; the paddings operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Pad {
    /// For each dimension, elements before and after.
    pub paddings: Vec<[usize; 2]>,
}

/// One side of all paddings (0 before, 1 after), with leading zeros up to six dimensions.
pub(super) fn side(paddings: &[[usize; 2]], side: usize) -> [usize; 6] {
    let mut amounts = [0; 6];
    for (to, from) in amounts.iter_mut().rev().zip(paddings.iter().rev()) {
        *to = from[side];
    }
    amounts
}

/// Paddings from the text form: all before, all after.
pub(super) fn read_paddings(attributes: &mut Attributes) -> Result<Vec<[usize; 2]>, String> {
    let (before, after) = (attributes.take_list("before")?, attributes.take_list("after")?);
    if before.len() != after.len() {
        return Err(format!("before has {} values, after has {}", before.len(), after.len()));
    }
    Ok(before.into_iter().zip(after).map(|(before, after)| [before, after]).collect())
}

/// Paddings as text.
pub(super) fn with_paddings(attributes: Attributes, paddings: &[[usize; 2]]) -> Attributes {
    let [before, after] = [0, 1].map(|side| paddings.iter().map(|pair| pair[side]).collect::<Vec<_>>());
    attributes.with_list("before", &before).with_list("after", &after)
}

/// The extents of a padded tensor.
pub(super) fn padded(input: &Tensor, paddings: &[[usize; 2]]) -> Result<Vec<usize>, String> {
    rank_6("input", &input.shape)?;
    if paddings.len() != input.shape.len() {
        let (wanted, found) = (input.shape.len(), paddings.len());
        return Err(format!(
            "it must have one pair of paddings for each of {wanted} dimensions, found {found}"
        ));
    }
    let padded = input.shape.iter().zip(paddings).map(|(&extent, &[before, after])| {
        let sum = before.checked_add(after).and_then(|around| around.checked_add(extent));
        let fits = sum.filter(|&sum| i32::try_from(sum).is_ok());
        fits.ok_or_else(|| format!("its paddings {before} and {after} are too large: 2^31 or more elements"))
    });
    padded.collect()
}

/// The kernel's specification.
pub(super) fn spec(input: &Tensor, paddings: &[[usize; 2]]) -> Result<Spec, String> {
    let (before, after) = (side(paddings, 0), side(paddings, 1));
    Ok(Spec { in_shape: rank_6("input", &input.shape)?, before, after })
}

impl Operator for Pad {
    keeps_quant!();

    fn name() -> &'static str {
        "PAD"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Pad { paddings: read_paddings(attributes)? })
    }

    fn attributes(&self) -> Attributes {
        with_paddings(Attributes::default(), &self.paddings)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        Ok(TensorType::one(movable("input", input)?, padded(input, &self.paddings)?))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let spec = spec(input, &self.paddings)?;
        let kernel = kernel_by_width!(input.dtype, spec, Pad8, Pad16, Pad32, Pad64)?;
        call_with_zero(kernel, &[0], results.get(0)?, to)
    }
}
