//! SPLIT_V: parts of given sizes of the input along one dimension.

use super::attributes::Attributes;
use super::movers::{axis_of, keeps_quant, movable};
use super::operator::{Operands, Operator, Results, TensorType};
use super::split::lower_parts;
use crate::lower::NodeLowering;

/// Attributes of SPLIT_V. Inputs: x; the operands of TFLite for sizes and axis are attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitV {
    /// The dimension that is cut, negative from the back.
    pub axis: i32,
    /// Extent of each part; one may be -1 and is then what is left.
    pub sizes: Vec<i32>,
}

impl SplitV {
    /// The sizes for a dimension of an extent.
    fn extents(&self, extent: usize) -> Result<Vec<usize>, String> {
        let mismatch =
            || format!("its sizes {:?} do not add up to the extent {extent} of its axis", self.sizes);
        let known: Vec<usize> = self.sizes.iter().filter_map(|&size| usize::try_from(size).ok()).collect();
        let sum = known.iter().try_fold(0usize, |sum, &size| sum.checked_add(size)).ok_or_else(mismatch)?;
        let rest = extent.checked_sub(sum).ok_or_else(mismatch)?;
        match self.sizes.iter().filter(|&&size| size < 0).collect::<Vec<_>>().as_slice() {
            [] if rest == 0 => Ok(known),
            [-1] => Ok(self.sizes.iter().map(|&size| usize::try_from(size).unwrap_or(rest)).collect()),
            _ => Err(mismatch()),
        }
    }
}

impl Operator for SplitV {
    keeps_quant!();

    fn name() -> &'static str {
        "SPLIT_V"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SplitV { axis: attributes.take("axis")?, sizes: attributes.take_list("sizes")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("axis", self.axis).with_list("sizes", &self.sizes)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        let axis = axis_of(self.axis, input.shape.len())?;
        let part = |size: usize| {
            let mut shape = input.shape.clone();
            shape[axis] = size;
            TensorType { dtype, shape }
        };
        Ok(self.extents(input.shape[axis])?.into_iter().map(part).collect())
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        lower_parts(input, axis_of(self.axis, input.shape.len())?, results, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_size_may_be_what_is_left() {
        let extents = |sizes: &[i32]| SplitV { axis: 0, sizes: sizes.to_vec() }.extents(7);
        assert_eq!(extents(&[3, 4]), Ok(vec![3, 4]));
        assert_eq!(extents(&[2, -1, 1]), Ok(vec![2, 4, 1]));
        for sizes in [&[3, 3][..], &[8, -1], &[-1, -1], &[7, -2], &[]] {
            assert!(extents(sizes).is_err(), "{sizes:?}");
        }
    }
}
