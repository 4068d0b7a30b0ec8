//! READ_VARIABLE: what a variable holds at this point of the inference.

use smidgen_kernels::ops::read_variable;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::plain;
use crate::kernel::Kernel;
use crate::lower::NodeLowering;

/// Attributes of READ_VARIABLE: none. Inputs: variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadVariable {}

impl Operator for ReadVariable {
    fn name() -> &'static str {
        "READ_VARIABLE"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(ReadVariable {})
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn operands(&self) -> &'static [&'static str] {
        &["variable"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let variable = operands.get(0)?;
        if !variable.is_variable {
            return Err("its operand must be a variable".into());
        }
        Ok(vec![TensorType::of(variable)])
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        plain(operands, results)
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
        let variable = operands.get(0)?;
        let spec = read_variable::Spec { len: variable.n_bytes() };
        let arguments = vec![to.operand(0)];
        to.call(Kernel::ReadVariableU8(spec), arguments)
    }
}
