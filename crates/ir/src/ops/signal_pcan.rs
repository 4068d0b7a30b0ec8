//! SIGNAL_PCAN: per-channel amplitude normalisation: a signal times a gain that falls with its noise, compressed.

use smidgen_kernels::ops::signal_pcan;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{accepted, list, list_of, plain};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of SIGNAL_PCAN. Inputs: input and noise (uint32, `[channels]`), gain (int16, at least 125 entries).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalPcan {
    /// Bits that the ratio of signal to noise loses.
    pub snr_shift: u32,
}

impl Operator for SignalPcan {
    fn name() -> &'static str {
        "SIGNAL_PCAN"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalPcan { snr_shift: attributes.take("snr_shift")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("snr_shift", self.snr_shift)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "noise", "gain"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let channels = list(operands, 0, DType::U32)?;
        list_of(operands, 1, DType::U32, channels)?;
        let gain_len = list(operands, 2, DType::I16)?;
        let spec = signal_pcan::Uint32Spec { channels, gain_len, snr_shift: self.snr_shift };
        accepted(signal_pcan::Uint32::new(spec))?;
        Ok(TensorType::one(DType::U32, vec![channels]))
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
        let [channels, gain_len] = [operands.get(0)?.n_elements(), operands.get(2)?.n_elements()];
        let spec = signal_pcan::Uint32Spec { channels, gain_len, snr_shift: self.snr_shift };
        let arguments = (0..3).map(|at| to.operand(at)).collect();
        to.call(Kernel::SignalPcanUint32(spec), arguments)
    }
}
