//! GATHER: slices along one dimension, chosen by positions.

use smidgen_kernels::ops::gather::Spec;

use super::attributes::Attributes;
use super::movers::{axis_of, keeps_quant, kernel_by_width, movable};
use super::operator::{Operands, Operator, Results, TensorType};
use crate::lower::NodeLowering;
use crate::tensor::{DType, Tensor};

/// Attributes of GATHER. Inputs: x, positions (int32). A position outside the dimension is an error where it is a
/// constant, and counts as the nearest inside where it is computed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gather {
    /// The dimension that positions count on, negative from the back of x.
    pub axis: i32,
    /// Leading dimensions that x and positions share, negative from the back of positions.
    pub batch_dims: i32,
}

/// Checks positions: their type, and their values where they are known. `extent_of` gives the extent that the value at an
/// index counts on.
pub(super) fn check_positions(positions: &Tensor, extent_of: impl Fn(usize) -> usize) -> Result<(), String> {
    if positions.dtype != DType::I32 {
        let found = positions.dtype.name();
        return Err(format!(
            "its positions must be int32, found {found}: convert the model again with int32"
        ));
    }
    for (at, &value) in positions.i32s().unwrap_or_default().iter().enumerate() {
        let extent = extent_of(at);
        if usize::try_from(value).ok().is_none_or(|position| position >= extent) {
            return Err(format!("its position {value} is outside a dimension of extent {extent}"));
        }
    }
    Ok(())
}

impl Gather {
    /// The axis and the number of batch dimensions, counted from the front.
    fn dimensions(&self, input: &Tensor, positions: &Tensor) -> Result<(usize, usize), String> {
        let axis = axis_of(self.axis, input.shape.len())?;
        let batch_dims =
            i64::from(self.batch_dims) + if self.batch_dims < 0 { positions.shape.len() as i64 } else { 0 };
        match usize::try_from(batch_dims) {
            Ok(batch_dims)
                if batch_dims <= axis
                    && batch_dims <= positions.shape.len()
                    && input.shape[..batch_dims] == positions.shape[..batch_dims] =>
            {
                Ok((axis, batch_dims))
            }
            _ => Err(format!(
                "its {} batch dimensions must stand before axis {axis} and be the same in x {:?} and positions {:?}",
                self.batch_dims, input.shape, positions.shape
            )),
        }
    }
}

impl Operator for Gather {
    keeps_quant!();

    fn name() -> &'static str {
        "GATHER"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Gather { axis: attributes.take("axis")?, batch_dims: attributes.take("batch_dims")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("axis", self.axis).with("batch_dims", self.batch_dims)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "positions"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let (input, positions) = (operands.get(0)?, operands.get(1)?);
        let dtype = movable("input", input)?;
        let (axis, batch_dims) = self.dimensions(input, positions)?;
        check_positions(positions, |_| input.shape[axis])?;
        let shape = [&input.shape[..axis], &positions.shape[batch_dims..], &input.shape[axis + 1..]].concat();
        Ok(TensorType::one(dtype, shape))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let (input, positions) = (operands.get(0)?, operands.get(1)?);
        let (axis, batch_dims) = self.dimensions(input, positions)?;
        let spec = Spec {
            batches: input.shape[..batch_dims].iter().product(),
            outer: input.shape[batch_dims..axis].iter().product(),
            axis: input.shape[axis],
            inner: input.shape[axis + 1..].iter().product(),
            positions: positions.shape[batch_dims..].iter().product(),
        };
        let kernel = kernel_by_width!(input.dtype, spec, Gather8, Gather16, Gather32, Gather64)?;
        let arguments = vec![to.operand(0), to.operand(1)];
        to.call(kernel, arguments)
    }
}
