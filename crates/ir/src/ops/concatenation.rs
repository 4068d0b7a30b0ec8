//! CONCATENATION: the operands one behind the other along one dimension.
//!
//! TFLM copies int8 elements as they are, whatever their scales; LiteRT refuses different scales, and so does this.

use super::attributes::Attributes;
use super::movers::{Axis, Movement, axis_of, one_type, same_quant_throughout};
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use crate::lower::NodeLowering;
use crate::tensor::Tensor;

/// Attributes of CONCATENATION. Inputs: any number, at least 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Concatenation {
    /// The dimension along which the operands follow each other, negative from the back.
    pub axis: i32,
}

impl Operator for Concatenation {
    fn name() -> &'static str {
        "CONCATENATION"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Concatenation { axis: attributes.take("axis")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("axis", self.axis)
    }

    fn is_variadic(&self) -> bool {
        true
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let dtype = one_type(operands, 0)?;
        let first = operands.get(0)?;
        let axis = axis_of(self.axis, first.shape.len())?;
        let mut shape = first.shape.clone();
        for at in 1..operands.len() {
            let next = operands.get(at)?;
            let mut aligned = next.shape.clone();
            if let Some(extent) = aligned.get_mut(axis) {
                *extent = first.shape[axis];
            }
            if aligned != first.shape {
                return Err(format!(
                    "its operands must have the same extents but along axis {axis}, found {:?} and {:?}",
                    first.shape, next.shape
                ));
            }
            let sum = shape[axis].checked_add(next.shape[axis]);
            shape[axis] = sum.ok_or("its result is too large")?;
        }
        Ok(TensorType::one(dtype, shape))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let moved: Vec<&Tensor> = operands.tensors.iter().copied().flatten().collect();
        same_quant_throughout(&moved, results)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::SameAsInput
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let output = results.get(0)?;
        let axis = axis_of(self.axis, output.shape.len())?;
        let mut out_start = 0;
        for at in 0..operands.len() {
            let input = operands.get(at)?;
            let movement = into_part(input, output, axis, out_start);
            out_start += input.shape[axis..].iter().product::<usize>();
            let (operand, target) = (to.operand(at), to.result(0)?);
            movement.call(output.dtype, operand, target, to)?;
        }
        Ok(())
    }
}

/// All of `input` to where it stands in `output` along a dimension, `out_start` elements behind the first.
fn into_part(input: &Tensor, output: &Tensor, axis: usize, out_start: usize) -> Movement {
    let row = |shape: &[usize]| shape[axis..].iter().product::<usize>() as isize;
    let (in_row, out_row) = (row(&input.shape), row(&output.shape));
    let outer = input.shape[..axis].iter().product();
    Movement {
        axes: vec![
            Axis { extent: outer, in_stride: in_row, out_stride: out_row },
            Axis { extent: in_row as usize, in_stride: 1, out_stride: 1 },
        ],
        in_len: input.n_elements(),
        in_start: 0,
        out_len: output.n_elements(),
        out_start,
    }
}
