//! ADD_N: `y = a + b + …` of two to eight operands of one shape.

use smidgen_kernels::ops::add_n;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, float_or_int8};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::program::Operand;
use crate::scales::{per_tensor, quantize_multiplier_below_one, same_quant};
use crate::tensor::{DType, Tensor};

/// Bits by which TFLM's int8 ADD_N widens its operands before it rescales them.
const LEFT_SHIFT: i32 = 20;
/// The most operands that the kernel takes.
const MAX_OPERANDS: usize = 8;

/// ADD_N has no attributes. Inputs: two to eight, of one type, shape and quantisation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddN;

fn kernel(operands: &Operands<'_>, output: &Tensor) -> Result<Kernel, String> {
    let (len, n_operands) = (output.n_elements(), operands.len());
    if output.dtype == DType::F32 {
        return Ok(Kernel::AddNFloat32(add_n::Float32Spec { len, n_operands }));
    }
    let first = operands.get(0)?;
    for at in 1..n_operands {
        same_quant("first operand", first, operands.get(at)?)?;
    }
    let (input_scale, input_zero_point) = per_tensor("first operand", first)?;
    let (output_scale, output_zero_point) = per_tensor("output", output)?;
    let twice_scale = 2.0 * f64::from(input_scale);
    let input = quantize_multiplier_below_one(f64::from(input_scale) / twice_scale)?;
    let real = twice_scale / (f64::from(1 << LEFT_SHIFT) * f64::from(output_scale));
    let sum = quantize_multiplier_below_one(real)?;
    Ok(Kernel::AddNInt8(add_n::Int8Spec {
        len,
        n_operands,
        input_zero_point,
        output_zero_point,
        left_shift: LEFT_SHIFT,
        input_multiplier: input.multiplier,
        input_shift: input.shift,
        output_multiplier: sum.multiplier,
        output_shift: sum.shift,
    }))
}

impl Operator for AddN {
    fn name() -> &'static str {
        "ADD_N"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(AddN)
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn operands(&self) -> &'static [&'static str] {
        &["first operand", "operand"]
    }

    fn is_variadic(&self) -> bool {
        true
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let first = operands.get(0)?;
        let dtype = float_or_int8("first operand", first)?;
        if operands.len() > MAX_OPERANDS {
            let found = operands.len();
            return Err(format!(
                "it has {found} operands, at most {MAX_OPERANDS} are supported; add in two steps"
            ));
        }
        for at in 1..operands.len() {
            let other = operands.get(at)?;
            if other.dtype != dtype || other.shape != first.shape {
                return Err(format!(
                    "its operands must have one element type and shape, found {} {:?} and {} {:?}",
                    dtype.name(),
                    first.shape,
                    other.dtype.name(),
                    other.shape
                ));
            }
        }
        Ok(TensorType::one(dtype, first.shape.clone()))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        kernel(operands, results.get(0)?).map(|_| ())
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
        let kernel = kernel(operands, results.get(0)?)?;
        let present = operands.len();
        let arguments =
            (0..MAX_OPERANDS).map(|at| if at < present { to.operand(at) } else { Operand::Absent }).collect();
        to.call(kernel, arguments)
    }
}
