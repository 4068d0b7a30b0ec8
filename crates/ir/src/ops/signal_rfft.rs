//! SIGNAL_RFFT: the spectrum of real samples; in fixed point divided by `fft_length`.

use smidgen_kernels::ops::signal_rfft;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{check_fft, fft_operands, plain, rows, with_last};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::program::Target;
use crate::tensor::DType;

/// Attributes of SIGNAL_RFFT. Inputs: input (int16, int32 or float32, `[…, frame]`; zeros follow up to
/// `fft_length]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalRfft {
    /// Samples of a transform: even, without a prime factor above 5.
    pub fft_length: usize,
}

impl Operator for SignalRfft {
    fn name() -> &'static str {
        "SIGNAL_RFFT"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalRfft { fft_length: attributes.take("fft_length")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("fft_length", self.fft_length)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        check_fft(input, self.fft_length)?;
        let (_, frame) = rows("input", input)?;
        if frame > self.fft_length {
            let length = self.fft_length;
            return Err(format!(
                "its rows of {frame} samples must not be longer than its fft_length {length}"
            ));
        }
        Ok(TensorType::one(input.dtype, with_last(&input.shape, 1, &[self.fft_length + 2])))
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
        let ((rows, frame), fft_length) = (rows("input", input)?, self.fft_length);
        let kernel = match input.dtype {
            DType::I16 => Kernel::SignalRfftInt16(signal_rfft::Int16Spec { rows, frame, fft_length }),
            DType::I32 => Kernel::SignalRfftInt32(signal_rfft::Int32Spec { rows, frame, fft_length }),
            _ => Kernel::SignalRfftFloat32(signal_rfft::Float32Spec { rows, frame, fft_length }),
        };
        let arguments = fft_operands(to, input.dtype, fft_length, false);
        let scratch = Target::Scratch { bytes: input.dtype.n_bytes(fft_length) };
        let targets = vec![to.result(0)?, scratch];
        to.call_into(kernel, arguments, targets)
    }
}
