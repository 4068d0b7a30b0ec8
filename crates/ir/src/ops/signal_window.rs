//! SIGNAL_WINDOW: `y[i] = x[i] * w[i] >> shift`, saturated, for every row.

use smidgen_kernels::ops::signal_window;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{accepted, list_of, plain, rows, typed};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of SIGNAL_WINDOW. Inputs: input (int16, `[…, frame]`), weights (int16, `[frame]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalWindow {
    /// Fraction bits of the weights.
    pub shift: u32,
}

impl Operator for SignalWindow {
    fn name() -> &'static str {
        "SIGNAL_WINDOW"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalWindow { shift: attributes.take("shift")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("shift", self.shift)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "weights"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let (_, frame) = rows("input", typed(operands, 0, DType::I16)?)?;
        list_of(operands, 1, DType::I16, frame)?;
        let spec = signal_window::Int16Spec { rows: 1, frame, shift: self.shift };
        accepted(signal_window::Int16::new(spec))?;
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
        let spec = signal_window::Int16Spec { rows, frame, shift: self.shift };
        let arguments = vec![to.operand(0), to.operand(1)];
        to.call(Kernel::SignalWindowInt16(spec), arguments)
    }
}
