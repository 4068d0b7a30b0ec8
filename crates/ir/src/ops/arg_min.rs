//! ARG_MIN: `y = the first index along an axis where x is smallest`.

use smidgen_kernels::ops::arg_min::Spec;

use super::attributes::Attributes;
use super::axis::{Split, split};
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::reduction::one_of;
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of ARG_MIN. Inputs: x; the axis operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct ArgMin {
    /// The dimension that is searched and disappears; a negative one counts from the last.
    pub axis: i32,
    /// Whether indices are int64 instead of int32.
    pub int64: bool,
}

impl Operator for ArgMin {
    fn name() -> &'static str {
        "ARG_MIN"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(ArgMin { axis: attributes.take("axis")?, int64: attributes.take("int64")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("axis", self.axis).with("int64", self.int64)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        one_of("input", input, &[DType::F32, DType::I8, DType::U8, DType::I16, DType::I32])?;
        let Split { axis, .. } = split(input, self.axis)?;
        let mut shape = input.shape.clone();
        shape.remove(axis);
        Ok(TensorType::one(if self.int64 { DType::I64 } else { DType::I32 }, shape))
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
        let input = operands.get(0)?;
        let Split { outer, depth, inner, .. } = split(input, self.axis)?;
        let spec = Spec { outer, depth, inner };
        let kernel = match (input.dtype, self.int64) {
            (DType::I8, false) => Kernel::ArgMinInt8(spec),
            (DType::I8, true) => Kernel::ArgMinInt8ToInt64(spec),
            (DType::U8, false) => Kernel::ArgMinUint8(spec),
            (DType::U8, true) => Kernel::ArgMinUint8ToInt64(spec),
            (DType::I16, false) => Kernel::ArgMinInt16(spec),
            (DType::I16, true) => Kernel::ArgMinInt16ToInt64(spec),
            (DType::I32, false) => Kernel::ArgMinInt32(spec),
            (DType::I32, true) => Kernel::ArgMinInt32ToInt64(spec),
            (_, false) => Kernel::ArgMinFloat32(spec),
            (_, true) => Kernel::ArgMinFloat32ToInt64(spec),
        };
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
