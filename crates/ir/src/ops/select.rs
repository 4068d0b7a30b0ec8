//! SELECT: `y = a` where the condition is true, else `b`; the condition has their shape, or one value for all or for
//! each index of their first dimension.

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::select_v2::{check_quant, lower, selected_type};
use crate::lower::NodeLowering;

/// SELECT has no attributes. Inputs: condition, a, b; a and b of one shape and quantised alike.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Select;

/// The condition's extents, followed by ones up to those of `shape`.
fn condition_shape(condition: &[usize], shape: &[usize]) -> Result<Vec<usize>, String> {
    if condition == shape || condition.iter().all(|&extent| extent == 1) {
        return Ok(condition.to_vec());
    }
    match (condition, shape.first()) {
        (&[extent], Some(&first)) if extent == first => {
            let mut padded = vec![1; shape.len()];
            padded.splice(..1, [extent]);
            Ok(padded)
        }
        _ => Err(format!(
            "its condition must have the shape {shape:?} of its operands, or a value for each index of their first \
             dimension, found shape {condition:?}"
        )),
    }
}

impl Operator for Select {
    fn name() -> &'static str {
        "SELECT"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Select)
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn operands(&self) -> &'static [&'static str] {
        &["condition", "first operand", "second operand"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let dtype = selected_type(operands)?;
        let (condition, a, b) = (operands.get(0)?, operands.get(1)?, operands.get(2)?);
        if a.shape != b.shape {
            return Err(format!("its operands must have one shape, found {:?} and {:?}", a.shape, b.shape));
        }
        condition_shape(&condition.shape, &a.shape)?;
        Ok(TensorType::one(dtype, a.shape.clone()))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        check_quant(operands, results)
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
        let condition = condition_shape(&operands.get(0)?.shape, &operands.get(1)?.shape)?;
        lower(&condition, operands, to)
    }
}
