//! SIGNAL_FFT_AUTO_SCALE: samples shifted left as far as the largest allows, and by how much.

use smidgen_kernels::ops::signal_fft_auto_scale;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{list, plain};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of SIGNAL_FFT_AUTO_SCALE. Inputs: input (int16, `[n]`). Results: samples (int16, `[n]`), scale bits
/// (int32, a scalar).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalFftAutoScale {}

impl Operator for SignalFftAutoScale {
    fn name() -> &'static str {
        "SIGNAL_FFT_AUTO_SCALE"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalFftAutoScale {})
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let len = list(operands, 0, DType::I16)?;
        let scale_bits = TensorType { dtype: DType::I32, shape: Vec::new() };
        Ok(vec![TensorType { dtype: DType::I16, shape: vec![len] }, scale_bits])
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
        let spec = signal_fft_auto_scale::Int16Spec { len: operands.get(0)?.n_elements() };
        let arguments = vec![to.operand(0)];
        to.call(Kernel::SignalFftAutoScaleInt16(spec), arguments)
    }
}
