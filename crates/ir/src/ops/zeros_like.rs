//! ZEROS_LIKE: zeros in the shape of the input.

use smidgen_kernels::ops::fill::Spec;

use super::attributes::Attributes;
use super::movers::{call_with_zero, keeps_quant, kernel_by_width, movable};
use super::operator::{Operands, Operator, Results, TensorType};
use crate::lower::NodeLowering;

/// ZEROS_LIKE has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ZerosLike {}

impl Operator for ZerosLike {
    keeps_quant!();

    fn name() -> &'static str {
        "ZEROS_LIKE"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(ZerosLike {})
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        Ok(TensorType::one(movable("input", input)?, input.shape.clone()))
    }

    fn lower(
        &self,
        _operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let output = results.get(0)?;
        let spec = Spec { len: output.n_elements() };
        let kernel = kernel_by_width!(output.dtype, spec, Fill8, Fill16, Fill32, Fill64)?;
        call_with_zero(kernel, &[], output, to)
    }
}
