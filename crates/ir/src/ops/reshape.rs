//! RESHAPE: the same elements under another shape.

use smidgen_kernels::ops::reshape::Spec;

use super::attributes::Attributes;
use super::movers::{keeps_quant, kernel_by_width, movable};
use super::operator::{Operands, Operator, Results, TensorType, checked_elements};
use crate::lower::NodeLowering;
use crate::tensor::Tensor;
use crate::verify::MAX_DIMENSIONS;

/// Attributes of RESHAPE. Inputs: x; the shape operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Reshape {
    /// New extents; one of them may be -1 and is then what is left.
    pub shape: Vec<i32>,
}

impl Reshape {
    /// The new extents for an input of `elements` elements.
    fn extents(&self, elements: usize) -> Result<Vec<usize>, String> {
        if self.shape.len() > MAX_DIMENSIONS {
            let dimensions = self.shape.len();
            return Err(format!(
                "its shape has {dimensions} dimensions, at most {MAX_DIMENSIONS} are supported"
            ));
        }
        let mismatch =
            || format!("its shape {:?} does not hold the {elements} elements of its input", self.shape);
        if self.shape.iter().any(|&extent| extent < -1) {
            return Err(format!("its shape {:?} must have extents of -1 and more", self.shape));
        }
        let known: Vec<usize> =
            self.shape.iter().filter_map(|&extent| usize::try_from(extent).ok()).collect();
        let product = checked_elements(&known)?;
        let rest = match self.shape.len() - known.len() {
            0 if product == elements => 1,
            1 if product != 0 && elements.is_multiple_of(product) => elements / product,
            0 | 1 => return Err(mismatch()),
            _ => return Err(format!("its shape {:?} must have at most one -1", self.shape)),
        };
        Ok(self.shape.iter().map(|&extent| usize::try_from(extent).unwrap_or(rest)).collect())
    }
}

impl Operator for Reshape {
    keeps_quant!();

    fn name() -> &'static str {
        "RESHAPE"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Reshape { shape: attributes.take_list("shape")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with_list("shape", &self.shape)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        Ok(TensorType::one(dtype, self.extents(checked_elements(&input.shape)?)?))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        lower_same_elements(operands.get(0)?, to)
    }
}

/// Makes the result the input's elements under another shape: a view of them where it can be one.
pub(super) fn lower_same_elements(input: &Tensor, to: &mut NodeLowering<'_>) -> Result<(), String> {
    if to.view() {
        return Ok(());
    }
    let spec = Spec { len: input.n_elements() };
    let kernel = kernel_by_width!(input.dtype, spec, Reshape8, Reshape16, Reshape32, Reshape64)?;
    let arguments = vec![to.operand(0)];
    to.call(kernel, arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_extent_may_be_what_is_left() {
        let extents = |shape: &[i32], elements| Reshape { shape: shape.to_vec() }.extents(elements);
        assert_eq!(extents(&[-1, 4], 12), Ok(vec![3, 4]));
        assert_eq!(extents(&[2, 6], 12), Ok(vec![2, 6]));
        assert_eq!(extents(&[], 1), Ok(vec![]));
        for shape in [&[-1, 5][..], &[-1, -1], &[-1, 0], &[-2, -6], &[13], &[]] {
            assert!(extents(shape, 12).is_err(), "{shape:?}");
        }
        assert!(extents(&[i32::MAX; 3], 12).is_err());
    }
}
