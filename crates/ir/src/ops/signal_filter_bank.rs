//! SIGNAL_FILTER_BANK: energies of frequency bins, weighted into channels that overlap.

use smidgen_kernels::ops::signal_filter_bank;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{list, list_of, plain};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::{DType, Tensor};

/// Attributes of SIGNAL_FILTER_BANK. Inputs: input (uint32, `[bins]`); weights and unweights (int16, `[weights]`);
/// first bin, first weight and width of each band (int16, `[channels + 1]`); all but the first constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalFilterBank {
    /// Channels, one fewer than bands.
    pub num_channels: usize,
}

/// The elements of an int16 constant.
fn values(constant: Result<&Tensor, String>) -> Result<Vec<i16>, String> {
    let data = constant?.data.as_deref().unwrap_or_default();
    Ok(data.as_chunks().0.iter().map(|&bytes| i16::from_le_bytes(bytes)).collect())
}

impl Operator for SignalFilterBank {
    fn name() -> &'static str {
        "SIGNAL_FILTER_BANK"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalFilterBank { num_channels: attributes.take("num_channels")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("num_channels", self.num_channels)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "weights", "unweights", "frequency_starts", "weight_starts", "widths"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let bins = list(operands, 0, DType::U32)?;
        let weights = list(operands, 1, DType::I16)?;
        list_of(operands, 2, DType::I16, weights)?;
        for at in 3..6 {
            list_of(operands, at, DType::I16, self.num_channels.saturating_add(1))?;
        }
        let [frequencies, starts, widths] = [3, 4, 5].map(|at| values(operands.constant(at)));
        for (((band, start), weight), width) in (0..).zip(frequencies?).zip(starts?).zip(widths?) {
            let inside = |start: i16, len: usize| start >= 0 && start as usize + width.max(0) as usize <= len;
            if width > 0 && !(inside(start, bins) && inside(weight, weights)) {
                return Err(format!(
                    "band {band} of {width} bins from {start} on, with weights from {weight} on, is outside of its \
                     {bins} bins or {weights} weights"
                ));
            }
        }
        Ok(TensorType::one(DType::U64, vec![self.num_channels]))
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
        let [bins, weights] = [operands.get(0)?.n_elements(), operands.get(1)?.n_elements()];
        let spec = signal_filter_bank::Uint32Spec { bins, weights, channels: self.num_channels };
        let arguments = (0..6).map(|at| to.operand(at)).collect();
        to.call(Kernel::SignalFilterBankUint32(spec), arguments)
    }
}
