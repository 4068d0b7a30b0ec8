//! REDUCE_MAX: `y = the largest x` of the reduced axes.

use smidgen_kernels::ops::reduce_max::Spec;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::reduction::{self, Reduced, reduced};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::same_quant;
use crate::tensor::DType;

/// Attributes of REDUCE_MAX. Inputs: x; the axes operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct ReduceMax {
    /// The dimensions that are reduced; negative ones count from the last.
    pub axes: Vec<i32>,
    /// Whether they stay with an extent of 1.
    pub keep_dims: bool,
}

impl Operator for ReduceMax {
    fn name() -> &'static str {
        "REDUCE_MAX"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        let (axes, keep_dims) = reduction::read(attributes)?;
        Ok(ReduceMax { axes, keep_dims })
    }

    fn attributes(&self) -> Attributes {
        reduction::attributes(&self.axes, self.keep_dims)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let dtypes = [DType::F32, DType::I8, DType::I16, DType::I32];
        reduction::infer(operands, &self.axes, self.keep_dims, &dtypes)
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        same_quant("input", operands.get(0)?, results.get(0)?)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::SameAsInput
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let Reduced { shape, axes, .. } = reduced(input, &self.axes)?;
        let spec = Spec { shape, axes };
        let kernel = match input.dtype {
            DType::I8 => Kernel::ReduceMaxInt8(spec),
            DType::I16 => Kernel::ReduceMaxInt16(spec),
            DType::I32 => Kernel::ReduceMaxInt32(spec),
            _ => Kernel::ReduceMaxFloat32(spec),
        };
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
