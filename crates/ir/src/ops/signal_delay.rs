//! SIGNAL_DELAY: every row of samples as it was `delay_length` samples ago.

use smidgen_kernels::ops::signal_delay;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{check_states, plain, rows, typed};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of SIGNAL_DELAY. Inputs: input (int16, `[…, frame]`), samples (the state).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalDelay {
    /// Samples that the output lags behind, at least 1.
    pub delay_length: usize,
}

impl Operator for SignalDelay {
    fn name() -> &'static str {
        "SIGNAL_DELAY"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalDelay { delay_length: attributes.take("delay_length")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("delay_length", self.delay_length)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "samples"]
    }

    fn states(&self) -> &'static [usize] {
        &[1]
    }

    fn own_states(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        if self.delay_length == 0 {
            return Err("its delay_length is 0, which is no delay: leave the operator out".into());
        }
        let (rows, _) = rows("input", typed(operands, 0, DType::I16)?)?;
        Ok(TensorType::one(DType::I16, vec![rows, self.delay_length]))
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        check_states(self, operands)?;
        Ok(vec![TensorType::of(operands.get(0)?)])
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
        let (rows, frame) = rows("input", operands.get(0)?)?;
        let spec = signal_delay::Int16Spec { rows, frame, delay: self.delay_length };
        let arguments = vec![to.operand(0)];
        let targets = vec![to.result(0)?, to.state(1)?];
        to.call_into(Kernel::SignalDelayInt16(spec), arguments, targets)
    }
}
