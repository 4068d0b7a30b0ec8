//! LOGICAL_NOT: `y = !x` of truth values.

use smidgen_kernels::ops::logical_not;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// LOGICAL_NOT has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogicalNot;

impl Operator for LogicalNot {
    fn name() -> &'static str {
        "LOGICAL_NOT"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(LogicalNot)
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        if input.dtype != DType::Bool {
            return Err(format!("its input must be bool, found {}", input.dtype.name()));
        }
        Ok(TensorType::one(DType::Bool, input.shape.clone()))
    }

    fn quant(&self, _operands: &Operands<'_>, _results: &Results<'_>) -> Result<(), String> {
        Ok(())
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::NotQuantized
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let len = operands.get(0)?.n_elements();
        let arguments = vec![to.operand(0)];
        to.call(Kernel::LogicalNotBool(logical_not::Spec { len }), arguments)
    }
}
