//! SIGNAL_IRFFT: the real samples that a spectrum belongs to.

use smidgen_kernels::ops::signal_irfft;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{check_fft, fft_operands, plain, rows, with_last};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::program::Target;
use crate::tensor::DType;

/// Attributes of SIGNAL_IRFFT. Inputs: input (int16, int32 or float32, `[…, fft_length + 2]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalIrfft {
    /// Samples of a transform: even, without a prime factor above 5.
    pub fft_length: usize,
}

impl Operator for SignalIrfft {
    fn name() -> &'static str {
        "SIGNAL_IRFFT"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalIrfft { fft_length: attributes.take("fft_length")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("fft_length", self.fft_length)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        check_fft(input, self.fft_length)?;
        let (_, parts) = rows("input", input)?;
        if parts != self.fft_length + 2 {
            let length = self.fft_length;
            return Err(format!(
                "its rows must have fft_length + 2 parts for fft_length {length}, found {parts}"
            ));
        }
        Ok(TensorType::one(input.dtype, with_last(&input.shape, 1, &[self.fft_length])))
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
        let input = operands.get(0)?;
        let ((rows, _), fft_length) = (rows("input", input)?, self.fft_length);
        let kernel = match input.dtype {
            DType::I16 => Kernel::SignalIrfftInt16(signal_irfft::Int16Spec { rows, fft_length }),
            DType::I32 => Kernel::SignalIrfftInt32(signal_irfft::Int32Spec { rows, fft_length }),
            _ => Kernel::SignalIrfftFloat32(signal_irfft::Float32Spec { rows, fft_length }),
        };
        let arguments = fft_operands(to, input.dtype, fft_length, true);
        let scratch = Target::Scratch { bytes: input.dtype.n_bytes(fft_length) };
        let targets = vec![to.result(0)?, scratch];
        to.call_into(kernel, arguments, targets)
    }
}
