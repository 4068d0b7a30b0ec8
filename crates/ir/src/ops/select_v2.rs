//! SELECT_V2: `y = a` where the condition is true, else `b`, with broadcasting.

use smidgen_kernels::ops::select_v2;

use super::attributes::Attributes;
use super::binary::stretched;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, rank_6};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::same_quant;
use crate::tensor::DType;

/// SELECT_V2 has no attributes. Inputs: condition, a, b; a and b quantised alike.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SelectV2;

/// The element type of what is selected.
pub(super) fn selected_type(operands: &Operands<'_>) -> Result<DType, String> {
    let (condition, a, b) = (operands.get(0)?, operands.get(1)?, operands.get(2)?);
    if condition.dtype != DType::Bool {
        return Err(format!("its condition must be bool, found {}", condition.dtype.name()));
    }
    if a.dtype != b.dtype {
        let (a, b) = (a.dtype.name(), b.dtype.name());
        return Err(format!("its operands must have one element type, found {a} and {b}"));
    }
    if a.dtype == DType::I4 {
        return Err("its operands must have whole bytes, found int4".into());
    }
    Ok(a.dtype)
}

/// Checks that a and b are quantised like the result.
pub(super) fn check_quant(operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
    let output = results.get(0)?;
    same_quant(operands.name(1), operands.get(1)?, output)?;
    same_quant(operands.name(2), operands.get(2)?, output)
}

/// Calls the kernel for a condition of this shape.
pub(super) fn lower(
    condition: &[usize],
    operands: &Operands<'_>,
    to: &mut NodeLowering<'_>,
) -> Result<(), String> {
    let (a, b) = (operands.get(1)?, operands.get(2)?);
    let spec = select_v2::Spec {
        condition_shape: rank_6("condition", condition)?,
        a_shape: rank_6("first operand", &a.shape)?,
        b_shape: rank_6("second operand", &b.shape)?,
    };
    let kernel = match a.dtype.bits() {
        8 => Kernel::SelectV2U8(spec),
        16 => Kernel::SelectV2U16(spec),
        32 => Kernel::SelectV2U32(spec),
        _ => Kernel::SelectV2U64(spec),
    };
    let arguments = vec![to.operand(0), to.operand(1), to.operand(2)];
    to.call(kernel, arguments)
}

impl Operator for SelectV2 {
    fn name() -> &'static str {
        "SELECT_V2"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SelectV2)
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn operands(&self) -> &'static [&'static str] {
        &["condition", "first operand", "second operand"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let dtype = selected_type(operands)?;
        let shape = stretched(&operands.get(1)?.shape, &operands.get(2)?.shape)?;
        Ok(TensorType::one(dtype, stretched(&operands.get(0)?.shape, &shape)?))
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
        lower(&operands.get(0)?.shape, operands, to)
    }
}
