//! SIGNAL_FILTER_BANK_SQUARE_ROOT: `y = sqrt(x) >> scale_bits`, which undoes the scale of the transform.

use smidgen_kernels::ops::signal_filter_bank_square_root;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{list, plain, typed};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of SIGNAL_FILTER_BANK_SQUARE_ROOT. Inputs: input (uint64, `[channels]`), scale bits (int32, a scalar).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalFilterBankSquareRoot {}

impl Operator for SignalFilterBankSquareRoot {
    fn name() -> &'static str {
        "SIGNAL_FILTER_BANK_SQUARE_ROOT"
    }

    fn read(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalFilterBankSquareRoot {})
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "scale_bits"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let channels = list(operands, 0, DType::U64)?;
        if typed(operands, 1, DType::I32)?.n_elements() != 1 {
            return Err("its scale_bits must have 1 element".into());
        }
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
        let spec = signal_filter_bank_square_root::Uint64Spec { channels: operands.get(0)?.n_elements() };
        let arguments = vec![to.operand(0), to.operand(1)];
        to.call(Kernel::SignalFilterBankSquareRootUint64(spec), arguments)
    }
}
