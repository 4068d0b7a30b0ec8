//! CAST: every element as a number of another type.

use smidgen_kernels::ops::{cast, dequantize};

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::{DType, Quant};

/// Attributes of CAST. Inputs: x.
#[derive(Debug, Clone, PartialEq)]
pub struct Cast {
    /// Element type of the result.
    pub to: DType,
}

/// The kernel of `len` elements, `None` where there is none.
fn kernel(from: DType, to: DType, len: usize) -> Option<Kernel> {
    let spec = cast::Spec { len };
    Some(match (from, to) {
        (DType::F16, DType::F32) => Kernel::DequantizeFloat16(dequantize::Float16Spec { len }),
        (DType::F32, DType::Bool) => Kernel::CastFloat32ToBool(spec),
        (DType::I8, DType::Bool) => Kernel::CastInt8ToBool(spec),
        (DType::I16, DType::Bool) => Kernel::CastInt16ToBool(spec),
        (DType::I32, DType::Bool) => Kernel::CastInt32ToBool(spec),
        (DType::I64, DType::Bool) => Kernel::CastInt64ToBool(spec),
        (DType::U8 | DType::Bool, DType::Bool) => Kernel::CastUint8ToBool(spec),
        (DType::F32, DType::F32) => Kernel::CastFloat32ToFloat32(spec),
        (DType::F32, DType::I8) => Kernel::CastFloat32ToInt8(spec),
        (DType::F32, DType::I16) => Kernel::CastFloat32ToInt16(spec),
        (DType::F32, DType::I32) => Kernel::CastFloat32ToInt32(spec),
        (DType::F32, DType::I64) => Kernel::CastFloat32ToInt64(spec),
        (DType::F32, DType::U8) => Kernel::CastFloat32ToUint8(spec),
        (DType::I8, DType::F32) => Kernel::CastInt8ToFloat32(spec),
        (DType::I8, DType::I8) => Kernel::CastInt8ToInt8(spec),
        (DType::I8, DType::I16) => Kernel::CastInt8ToInt16(spec),
        (DType::I8, DType::I32) => Kernel::CastInt8ToInt32(spec),
        (DType::I8, DType::I64) => Kernel::CastInt8ToInt64(spec),
        (DType::I8, DType::U8) => Kernel::CastInt8ToUint8(spec),
        (DType::I16, DType::F32) => Kernel::CastInt16ToFloat32(spec),
        (DType::I16, DType::I8) => Kernel::CastInt16ToInt8(spec),
        (DType::I16, DType::I16) => Kernel::CastInt16ToInt16(spec),
        (DType::I16, DType::I32) => Kernel::CastInt16ToInt32(spec),
        (DType::I16, DType::I64) => Kernel::CastInt16ToInt64(spec),
        (DType::I16, DType::U8) => Kernel::CastInt16ToUint8(spec),
        (DType::I32, DType::F32) => Kernel::CastInt32ToFloat32(spec),
        (DType::I32, DType::I8) => Kernel::CastInt32ToInt8(spec),
        (DType::I32, DType::I16) => Kernel::CastInt32ToInt16(spec),
        (DType::I32, DType::I32) => Kernel::CastInt32ToInt32(spec),
        (DType::I32, DType::I64) => Kernel::CastInt32ToInt64(spec),
        (DType::I32, DType::U8) => Kernel::CastInt32ToUint8(spec),
        (DType::I64, DType::F32) => Kernel::CastInt64ToFloat32(spec),
        (DType::I64, DType::I8) => Kernel::CastInt64ToInt8(spec),
        (DType::I64, DType::I16) => Kernel::CastInt64ToInt16(spec),
        (DType::I64, DType::I32) => Kernel::CastInt64ToInt32(spec),
        (DType::I64, DType::I64) => Kernel::CastInt64ToInt64(spec),
        (DType::I64, DType::U8) => Kernel::CastInt64ToUint8(spec),
        (DType::U8 | DType::Bool, DType::F32) => Kernel::CastUint8ToFloat32(spec),
        (DType::U8 | DType::Bool, DType::I8) => Kernel::CastUint8ToInt8(spec),
        (DType::U8 | DType::Bool, DType::I16) => Kernel::CastUint8ToInt16(spec),
        (DType::U8 | DType::Bool, DType::I32) => Kernel::CastUint8ToInt32(spec),
        (DType::U8 | DType::Bool, DType::I64) => Kernel::CastUint8ToInt64(spec),
        (DType::U8 | DType::Bool, DType::U8) => Kernel::CastUint8ToUint8(spec),
        (DType::F32, DType::U32) => Kernel::CastFloat32ToUint32(spec),
        (DType::I8, DType::U32) => Kernel::CastInt8ToUint32(spec),
        (DType::I16, DType::U32) => Kernel::CastInt16ToUint32(spec),
        (DType::I32, DType::U32) => Kernel::CastInt32ToUint32(spec),
        (DType::U32, DType::F32) => Kernel::CastUint32ToFloat32(spec),
        (DType::U32, DType::I8) => Kernel::CastUint32ToInt8(spec),
        (DType::U32, DType::I16) => Kernel::CastUint32ToInt16(spec),
        (DType::U32, DType::I32) => Kernel::CastUint32ToInt32(spec),
        (DType::U32, DType::U32) => Kernel::CastUint32ToUint32(spec),
        (DType::U32, DType::I64) => Kernel::CastUint32ToInt64(spec),
        (DType::U32, DType::U8) => Kernel::CastUint32ToUint8(spec),
        (DType::I64, DType::U32) => Kernel::CastInt64ToUint32(spec),
        (DType::U8 | DType::Bool, DType::U32) => Kernel::CastUint8ToUint32(spec),
        (DType::U32, DType::Bool) => Kernel::CastUint32ToBool(spec),
        _ => return None,
    })
}

impl Operator for Cast {
    fn name() -> &'static str {
        "CAST"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Cast { to: attributes.take("to")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("to", self.to.name())
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        if kernel(input.dtype, self.to, 1).is_none() {
            let (from, to) = (input.dtype.name(), self.to.name());
            return Err(format!("a conversion from {from} to {to} is not supported"));
        }
        Ok(TensorType::one(self.to, input.shape.clone()))
    }

    fn quant(&self, _operands: &Operands<'_>, _results: &Results<'_>) -> Result<(), String> {
        Ok(())
    }

    fn output_quant(&self) -> OutputQuant {
        if self.to.is_quantized() {
            return OutputQuant::Fixed(Quant::per_tensor(1.0, 0));
        }
        OutputQuant::NotQuantized
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let kernel =
            kernel(input.dtype, self.to, input.n_elements()).ok_or("bug in Smidgen: it has no kernel")?;
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
