//! QUANTIZE: float32 to a quantised type, or one quantisation to another.

use smidgen_kernels::ops::quantize;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{per_tensor, rescale_multiplier};
use crate::tensor::{DType, Tensor};

/// Attributes of QUANTIZE. Inputs: x.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantize {
    /// Element type of the result.
    pub to: DType,
}

impl Default for Quantize {
    fn default() -> Self {
        Quantize { to: DType::I8 }
    }
}

/// The pairs of types that TFLM's QUANTIZE converts, and float32 to uint8, which LiteRT does.
const PAIRS: &[(DType, DType)] = &[
    (DType::F32, DType::I8),
    (DType::F32, DType::I16),
    (DType::F32, DType::U8),
    (DType::I8, DType::I8),
    (DType::I8, DType::U8),
    (DType::I8, DType::I16),
    (DType::I8, DType::I32),
    (DType::U8, DType::I8),
    (DType::I16, DType::I8),
    (DType::I16, DType::I16),
    (DType::I16, DType::I32),
    (DType::I32, DType::I8),
    (DType::I32, DType::I16),
];

/// The kernel of one pair of types, from what all of its kind take.
macro_rules! requantize {
    ($variant:ident, $spec:ident, $rescale:expr) => {{
        let (len, input_zero_point, output_zero_point, multiplier, shift) = $rescale;
        Kernel::$variant(quantize::$spec { len, input_zero_point, output_zero_point, multiplier, shift })
    }};
}

fn kernel(input: &Tensor, output: &Tensor) -> Result<Kernel, String> {
    let len = input.n_elements();
    let (scale, zero_point) = per_tensor("output", output)?;
    let rescale = || -> Result<_, String> {
        let (input_scale, input_zero_point) = per_tensor("input", input)?;
        let quantized = rescale_multiplier(input_scale, scale)?;
        Ok((len, input_zero_point, zero_point, quantized.multiplier, quantized.shift))
    };
    Ok(match (input.dtype, output.dtype) {
        (DType::F32, DType::I8) => {
            Kernel::QuantizeFloat32ToInt8(quantize::Float32ToInt8Spec { len, scale, zero_point })
        }
        (DType::F32, DType::I16) => {
            Kernel::QuantizeFloat32ToInt16(quantize::Float32ToInt16Spec { len, scale, zero_point })
        }
        (DType::F32, DType::U8) => {
            Kernel::QuantizeFloat32ToUint8(quantize::Float32ToUint8Spec { len, scale, zero_point })
        }
        (DType::I8, DType::I8) => requantize!(QuantizeInt8, Int8Spec, rescale()?),
        (DType::I8, DType::U8) => requantize!(QuantizeInt8ToUint8, Int8ToUint8Spec, rescale()?),
        (DType::I8, DType::I16) => requantize!(QuantizeInt8ToInt16, Int8ToInt16Spec, rescale()?),
        (DType::I8, DType::I32) => requantize!(QuantizeInt8ToInt32, Int8ToInt32Spec, rescale()?),
        (DType::U8, DType::I8) => requantize!(QuantizeUint8ToInt8, Uint8ToInt8Spec, rescale()?),
        (DType::I16, DType::I8) => requantize!(QuantizeInt16ToInt8, Int16ToInt8Spec, rescale()?),
        (DType::I16, DType::I16) => requantize!(QuantizeInt16, Int16Spec, rescale()?),
        (DType::I16, DType::I32) => requantize!(QuantizeInt16ToInt32, Int16ToInt32Spec, rescale()?),
        (DType::I32, DType::I8) => requantize!(QuantizeInt32ToInt8, Int32ToInt8Spec, rescale()?),
        (DType::I32, DType::I16) => requantize!(QuantizeInt32ToInt16, Int32ToInt16Spec, rescale()?),
        (from, to) => return Err(unsupported(from, to)),
    })
}

fn unsupported(from: DType, to: DType) -> String {
    format!("a conversion from {} to {} is not supported", from.name(), to.name())
}

impl Operator for Quantize {
    fn name() -> &'static str {
        "QUANTIZE"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Quantize { to: attributes.take("to")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("to", self.to.name())
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        if !PAIRS.contains(&(input.dtype, self.to)) {
            return Err(unsupported(input.dtype, self.to));
        }
        Ok(TensorType::one(self.to, input.shape.clone()))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        kernel(operands.get(0)?, results.get(0)?).map(|_| ())
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::Calibrated
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let kernel = kernel(operands.get(0)?, results.get(0)?)?;
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
