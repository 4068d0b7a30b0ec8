//! A tensor as `outer × depth × inner` around one axis: ARG_MAX, ARG_MIN and CUMSUM.

use super::operator::checked_elements;
use super::reduction::resolve;
use crate::tensor::Tensor;

/// The axis, counted from the front, its extent, and the elements before and after it.
pub(super) struct Split {
    pub(super) axis: usize,
    pub(super) outer: usize,
    pub(super) depth: usize,
    pub(super) inner: usize,
}

/// Splits the input of an operator at an axis, where a negative one counts from the last.
pub(super) fn split(input: &Tensor, axis: i32) -> Result<Split, String> {
    let axis = resolve(axis, input.shape.len())?;
    let (before, rest) = input.shape.split_at(axis);
    let (&depth, after) = rest.split_first().ok_or("its input must have at least 1 dimension")?;
    Ok(Split { axis, outer: checked_elements(before)?, depth, inner: checked_elements(after)? })
}
