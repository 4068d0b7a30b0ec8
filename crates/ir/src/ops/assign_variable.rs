//! ASSIGN_VARIABLE: a variable becomes what the operand holds, until it is assigned again.

use smidgen_kernels::ops::assign_variable;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::plain;
use crate::kernel::Kernel;
use crate::lower::NodeLowering;

/// Attributes of ASSIGN_VARIABLE: none. Inputs: variable, value. It has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignVariable {}

impl Operator for AssignVariable {
    fn name() -> &'static str {
        "ASSIGN_VARIABLE"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(AssignVariable {})
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn operands(&self) -> &'static [&'static str] {
        &["variable", "value"]
    }

    fn states(&self) -> &'static [usize] {
        &[0]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let (variable, value) = (TensorType::of(operands.get(0)?), TensorType::of(operands.get(1)?));
        if variable != value {
            let show = |of: &TensorType| format!("{} {:?}", of.dtype.name(), of.shape);
            return Err(format!(
                "its value must be {}, as the variable, found {}",
                show(&variable),
                show(&value)
            ));
        }
        Ok(Vec::new())
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        plain(operands, results)
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
        let spec = assign_variable::Spec { len: operands.get(0)?.n_bytes() };
        let arguments = vec![to.operand(1)];
        let targets = vec![to.state(0)?];
        to.call_into(Kernel::AssignVariableU8(spec), arguments, targets)
    }
}
