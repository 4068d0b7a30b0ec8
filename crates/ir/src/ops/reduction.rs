//! What MEAN, SUM, REDUCE_MAX and REDUCE_MIN share: the axes that disappear, or stay with an extent of 1.

use super::attributes::Attributes;
use super::operator::{Operands, TensorType, rank_6};
use crate::scales::{Multiplier, per_tensor, rescale_multiplier};
use crate::tensor::{DType, Tensor};

/// A shape as the kernels take it, which of its axes are reduced, and how many elements make one result.
pub(super) struct Reduced {
    pub(super) shape: [usize; 6],
    pub(super) axes: [bool; 6],
    pub(super) count: usize,
}

/// `axis` counted from the front, where negative ones count from the back.
pub(super) fn resolve(axis: i32, rank: usize) -> Result<usize, String> {
    let from_front = if axis < 0 { i64::from(axis) + rank as i64 } else { axis.into() };
    let resolved = usize::try_from(from_front).ok().filter(|&resolved| resolved < rank);
    resolved.ok_or_else(|| format!("its axis {axis} must be one of the {rank} dimensions of its input"))
}

/// Which dimensions of a tensor are among the axes.
fn flags(tensor: &Tensor, axes: &[i32]) -> Result<Vec<bool>, String> {
    let mut flags = vec![false; tensor.shape.len()];
    // The axes of a scalar mean nothing.
    for &axis in axes.iter().filter(|_| !tensor.shape.is_empty()) {
        flags[resolve(axis, tensor.shape.len())?] = true;
    }
    Ok(flags)
}

/// The type of the result; the input must have one of these element types.
pub(super) fn infer(
    operands: &Operands<'_>,
    axes: &[i32],
    keep_dims: bool,
    dtypes: &[DType],
) -> Result<Vec<TensorType>, String> {
    let input = operands.get(0)?;
    one_of("input", input, dtypes)?;
    rank_6("input", &input.shape)?;
    let flags = flags(input, axes)?;
    let extents = input.shape.iter().zip(&flags);
    let shape = if keep_dims {
        extents.map(|(&extent, &reduced)| if reduced { 1 } else { extent }).collect()
    } else {
        extents.filter(|&(_, &reduced)| !reduced).map(|(&extent, _)| extent).collect()
    };
    Ok(TensorType::one(input.dtype, shape))
}

/// Refuses other element types.
pub(super) fn one_of(name: &str, tensor: &Tensor, dtypes: &[DType]) -> Result<(), String> {
    if dtypes.contains(&tensor.dtype) {
        return Ok(());
    }
    let names: Vec<&str> = dtypes.iter().map(|dtype| dtype.name()).collect();
    Err(format!("its {name} must be {}, found {}", names.join(" or "), tensor.dtype.name()))
}

/// The input as the kernels take it.
pub(super) fn reduced(input: &Tensor, axes: &[i32]) -> Result<Reduced, String> {
    let flags = flags(input, axes)?;
    let mut padded = [false; 6];
    for (to, &from) in padded.iter_mut().rev().zip(flags.iter().rev()) {
        *to = from;
    }
    let extents = input.shape.iter().zip(&flags).filter(|&(_, &reduced)| reduced);
    let count = extents.map(|(&extent, _)| extent).product();
    Ok(Reduced { shape: rank_6("input", &input.shape)?, axes: padded, count })
}

/// The zero points of a quantised input and result of MEAN or SUM, and the multiplier from the one scale to the other.
pub(super) fn rescaled(input: &Tensor, output: &Tensor) -> Result<([i32; 2], Multiplier), String> {
    let (input_scale, input_zero) = per_tensor("input", input)?;
    let (output_scale, output_zero) = per_tensor("output", output)?;
    if output.dtype == DType::I16 && (input_zero, output_zero) != (0, 0) {
        return Err(format!(
            "its int16 input and output must have zero point 0, found {input_zero} and {output_zero}"
        ));
    }
    Ok(([input_zero, output_zero], rescale_multiplier(input_scale, output_scale)?))
}

/// Reads what [`attributes`] printed.
pub(super) fn read(attributes: &mut Attributes) -> Result<(Vec<i32>, bool), String> {
    Ok((attributes.take_list("axes")?, attributes.take("keep_dims")?))
}

/// The attributes as text.
pub(super) fn attributes(axes: &[i32], keep_dims: bool) -> Attributes {
    Attributes::default().with_list("axes", axes).with("keep_dims", keep_dims)
}

/// Implements [`super::operator::Operator`] for an operator with `axes` and `keep_dims`, whose method `kernel` gives the
/// kernel, or refuses scales and zero points. `$types` are the element types that it takes.
macro_rules! reduction_operator {
    ($operator:ident, $name:literal, $types:expr, $quant:ident) => {
        impl $crate::ops::operator::Operator for $operator {
            fn name() -> &'static str {
                $name
            }

            fn read(attributes: &mut $crate::ops::attributes::Attributes) -> Result<Self, String> {
                let (axes, keep_dims) = $crate::ops::reduction::read(attributes)?;
                Ok($operator { axes, keep_dims })
            }

            fn attributes(&self) -> $crate::ops::attributes::Attributes {
                $crate::ops::reduction::attributes(&self.axes, self.keep_dims)
            }

            fn infer(
                &self,
                operands: &$crate::ops::operator::Operands<'_>,
            ) -> Result<Vec<$crate::ops::operator::TensorType>, String> {
                $crate::ops::reduction::infer(operands, &self.axes, self.keep_dims, $types)
            }

            fn quant(
                &self,
                operands: &$crate::ops::operator::Operands<'_>,
                results: &$crate::ops::operator::Results<'_>,
            ) -> Result<(), String> {
                self.kernel(operands.get(0)?, results.get(0)?).map(|_| ())
            }

            fn output_quant(&self) -> $crate::ops::operator::OutputQuant {
                $crate::ops::operator::OutputQuant::$quant
            }

            fn lower(
                &self,
                operands: &$crate::ops::operator::Operands<'_>,
                results: &$crate::ops::operator::Results<'_>,
                to: &mut $crate::lower::NodeLowering<'_>,
            ) -> Result<(), String> {
                let kernel = self.kernel(operands.get(0)?, results.get(0)?)?;
                let arguments = vec![to.operand(0)];
                to.call(kernel, arguments)
            }
        }
    };
}

pub(super) use reduction_operator;
