//! DYNAMIC_UPDATE_SLICE: the operand with an update written over it.

use smidgen_kernels::ops::dynamic_update_slice::Spec;

use super::attributes::Attributes;
use super::movers::{kernel_by_width, movable, same_quant_throughout};
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, rank_6};
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// DYNAMIC_UPDATE_SLICE has no attributes. Inputs: x, update, start (int32, one index for each dimension of x). A start
/// is moved to where the update fits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DynamicUpdateSlice {}

impl Operator for DynamicUpdateSlice {
    fn name() -> &'static str {
        "DYNAMIC_UPDATE_SLICE"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(DynamicUpdateSlice {})
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "update", "start"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let (input, update, start) = (operands.get(0)?, operands.get(1)?, operands.get(2)?);
        let dtype = movable("input", input)?;
        if update.dtype != dtype {
            let (wanted, found) = (dtype.name(), update.dtype.name());
            return Err(format!("its update must be {wanted} as its input, found {found}"));
        }
        if start.dtype != DType::I32 || start.shape != [input.shape.len()] {
            return Err(format!(
                "its start must be int32 with one index for each of {} dimensions, found {} {:?}",
                input.shape.len(),
                start.dtype.name(),
                start.shape
            ));
        }
        let fits = update.shape.iter().zip(&input.shape).all(|(update, input)| update <= input);
        if update.shape.len() != input.shape.len() || !fits {
            return Err(format!("its update {:?} must fit into its input {:?}", update.shape, input.shape));
        }
        Ok(TensorType::one(dtype, input.shape.clone()))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        same_quant_throughout(&[operands.get(0)?, operands.get(1)?], results)
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
        let (input, update) = (operands.get(0)?, operands.get(1)?);
        let spec = Spec {
            shape: rank_6("input", &input.shape)?,
            update_shape: rank_6("update", &update.shape)?,
            rank: input.shape.len(),
        };
        let kernel = kernel_by_width!(
            input.dtype,
            spec,
            DynamicUpdateSlice8,
            DynamicUpdateSlice16,
            DynamicUpdateSlice32,
            DynamicUpdateSlice64
        )?;
        let arguments = vec![to.operand(0), to.operand(1), to.operand(2)];
        to.call(kernel, arguments)
    }
}
