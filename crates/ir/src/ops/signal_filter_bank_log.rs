//! SIGNAL_FILTER_BANK_LOG: `y = output_scale * ln(x * 2^input_correction_bits)`.

use smidgen_kernels::ops::signal_filter_bank_log;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{accepted, list, plain};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of SIGNAL_FILTER_BANK_LOG. Inputs: input (uint32, `[channels]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalFilterBankLog {
    /// Factor of the logarithm.
    pub output_scale: i32,
    /// Bits that the input gains first.
    pub input_correction_bits: u32,
}

impl SignalFilterBankLog {
    fn spec(&self, channels: usize) -> signal_filter_bank_log::Uint32Spec {
        let Self { output_scale, input_correction_bits } = *self;
        signal_filter_bank_log::Uint32Spec { channels, output_scale, input_correction_bits }
    }
}

impl Operator for SignalFilterBankLog {
    fn name() -> &'static str {
        "SIGNAL_FILTER_BANK_LOG"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalFilterBankLog {
            output_scale: attributes.take("output_scale")?,
            input_correction_bits: attributes.take("input_correction_bits")?,
        })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
            .with("output_scale", self.output_scale)
            .with("input_correction_bits", self.input_correction_bits)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let channels = list(operands, 0, DType::U32)?;
        accepted(signal_filter_bank_log::Uint32::new(self.spec(channels)))?;
        Ok(TensorType::one(DType::I16, vec![channels]))
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
        let spec = self.spec(operands.get(0)?.n_elements());
        let arguments = vec![to.operand(0)];
        to.call(Kernel::SignalFilterBankLogUint32(spec), arguments)
    }
}
