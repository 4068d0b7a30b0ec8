//! PAD: zeros around the data (the zero point, when quantised).

use smidgen_kernels::ops::pad;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, float_or_int8, rank_6};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{per_tensor, same_quant};
use crate::tensor::DType;

/// Attributes of PAD. Inputs: x; the paddings operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Pad {
    /// For each dimension, elements before and after.
    pub paddings: Vec<[usize; 2]>,
}

impl Pad {
    /// One side of all paddings (0 before, 1 after), with leading zeros up to six dimensions.
    fn side(&self, side: usize) -> [usize; 6] {
        let mut amounts = [0; 6];
        for (to, from) in amounts.iter_mut().rev().zip(self.paddings.iter().rev()) {
            *to = from[side];
        }
        amounts
    }
}

impl Operator for Pad {
    fn name() -> &'static str {
        "PAD"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        let (before, after) = (attributes.take_list("before")?, attributes.take_list("after")?);
        if before.len() != after.len() {
            return Err(format!("before has {} values, after has {}", before.len(), after.len()));
        }
        Ok(Pad { paddings: before.into_iter().zip(after).map(|(before, after)| [before, after]).collect() })
    }

    fn attributes(&self) -> Attributes {
        let [before, after] =
            [0, 1].map(|side| self.paddings.iter().map(|pair| pair[side]).collect::<Vec<_>>());
        Attributes::default().with_list("before", &before).with_list("after", &after)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = float_or_int8("input", input)?;
        rank_6("input", &input.shape)?;
        if self.paddings.len() != input.shape.len() {
            let (wanted, found) = (input.shape.len(), self.paddings.len());
            return Err(format!(
                "it must have one pair of paddings for each of {wanted} dimensions, found {found}"
            ));
        }
        let padded = input.shape.iter().zip(&self.paddings).map(|(&extent, &[before, after])| {
            let sum = before.checked_add(after).and_then(|around| around.checked_add(extent));
            let fits = sum.filter(|&sum| i32::try_from(sum).is_ok());
            fits.ok_or_else(|| {
                format!("its paddings {before} and {after} are too large: 2^31 or more elements")
            })
        });
        Ok(TensorType::one(dtype, padded.collect::<Result<_, _>>()?))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let output = results.get(0)?;
        same_quant("input", operands.get(0)?, output)
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
        let output = results.get(0)?;
        let in_shape = rank_6("input", &operands.get(0)?.shape)?;
        let (before, after) = (self.side(0), self.side(1));
        let kernel = if output.dtype == DType::I8 {
            let (_, zero_point) = per_tensor("output", output)?;
            let value =
                i8::try_from(zero_point).map_err(|_| format!("its zero point {zero_point} is not int8"))?;
            Kernel::PadInt8(pad::Int8Spec { in_shape, before, after, value })
        } else {
            Kernel::PadFloat32(pad::Float32Spec { in_shape, before, after, value: 0.0 })
        };
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
