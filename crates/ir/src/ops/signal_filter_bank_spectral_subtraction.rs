//! SIGNAL_FILTER_BANK_SPECTRAL_SUBTRACTION: a signal less the noise that smoothing over time finds in it.

use smidgen_kernels::ops::signal_filter_bank_spectral_subtraction;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{accepted, check_states, list_of, plain};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of SIGNAL_FILTER_BANK_SPECTRAL_SUBTRACTION. Inputs: input (uint32, `[channels]`), noise (the state).
/// Results: what is left, and the noise (uint32, `[channels]`).
///
/// Factors have `spectral_subtraction_bits` fraction bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalFilterBankSpectralSubtraction {
    /// Channels.
    pub num_channels: usize,
    /// How fast the noise follows the signal in channels with an even index.
    pub smoothing: u32,
    /// 1 less that.
    pub one_minus_smoothing: u32,
    /// The same for those with an odd index.
    pub alternate_smoothing: u32,
    /// 1 less that.
    pub alternate_one_minus_smoothing: u32,
    /// The part of the signal that is never subtracted.
    pub min_signal_remaining: u32,
    /// Further fraction bits of the noise.
    pub smoothing_bits: u32,
    /// Fraction bits of the factors.
    pub spectral_subtraction_bits: u32,
    /// Whether the noise never exceeds the signal.
    pub clamping: bool,
}

impl SignalFilterBankSpectralSubtraction {
    fn spec(&self, channels: usize) -> signal_filter_bank_spectral_subtraction::Uint32Spec {
        signal_filter_bank_spectral_subtraction::Uint32Spec {
            channels,
            smoothing: self.smoothing,
            one_minus_smoothing: self.one_minus_smoothing,
            alternate_smoothing: self.alternate_smoothing,
            alternate_one_minus_smoothing: self.alternate_one_minus_smoothing,
            min_signal_remaining: self.min_signal_remaining,
            smoothing_bits: self.smoothing_bits,
            spectral_subtraction_bits: self.spectral_subtraction_bits,
            clamping: self.clamping,
        }
    }
}

impl Operator for SignalFilterBankSpectralSubtraction {
    fn name() -> &'static str {
        "SIGNAL_FILTER_BANK_SPECTRAL_SUBTRACTION"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalFilterBankSpectralSubtraction {
            num_channels: attributes.take("num_channels")?,
            smoothing: attributes.take("smoothing")?,
            one_minus_smoothing: attributes.take("one_minus_smoothing")?,
            alternate_smoothing: attributes.take("alternate_smoothing")?,
            alternate_one_minus_smoothing: attributes.take("alternate_one_minus_smoothing")?,
            min_signal_remaining: attributes.take("min_signal_remaining")?,
            smoothing_bits: attributes.take("smoothing_bits")?,
            spectral_subtraction_bits: attributes.take("spectral_subtraction_bits")?,
            clamping: attributes.take("clamping")?,
        })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
            .with("num_channels", self.num_channels)
            .with("smoothing", self.smoothing)
            .with("one_minus_smoothing", self.one_minus_smoothing)
            .with("alternate_smoothing", self.alternate_smoothing)
            .with("alternate_one_minus_smoothing", self.alternate_one_minus_smoothing)
            .with("min_signal_remaining", self.min_signal_remaining)
            .with("smoothing_bits", self.smoothing_bits)
            .with("spectral_subtraction_bits", self.spectral_subtraction_bits)
            .with("clamping", self.clamping)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "noise"]
    }

    fn states(&self) -> &'static [usize] {
        &[1]
    }

    fn own_states(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        Ok(TensorType::one(DType::U32, operands.get(0)?.shape.clone()))
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        list_of(operands, 0, DType::U32, self.num_channels)?;
        check_states(self, operands)?;
        accepted(signal_filter_bank_spectral_subtraction::Uint32::new(self.spec(self.num_channels)))?;
        let result = TensorType { dtype: DType::U32, shape: vec![self.num_channels] };
        Ok(vec![result.clone(), result])
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
        let channels = operands.get(0)?.n_elements();
        let spec = self.spec(channels);
        let arguments = vec![to.operand(0)];
        let targets = vec![to.result(0)?, to.result(1)?, to.state(1)?];
        to.call_into(Kernel::SignalFilterBankSpectralSubtractionUint32(spec), arguments, targets)
    }
}
