//! SIGNAL_ENERGY: squared magnitudes of some bins of a spectrum, and 0 for the others.

use smidgen_kernels::ops::signal_energy;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{list, plain};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of SIGNAL_ENERGY. Inputs: input (int16, `[2 * bins]`, real parts first).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalEnergy {
    /// The first bin whose energy is wanted.
    pub start_index: usize,
    /// The first bin after those.
    pub end_index: usize,
}

impl Operator for SignalEnergy {
    fn name() -> &'static str {
        "SIGNAL_ENERGY"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalEnergy {
            start_index: attributes.take("start_index")?,
            end_index: attributes.take("end_index")?,
        })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("start_index", self.start_index).with("end_index", self.end_index)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let len = list(operands, 0, DType::I16)?;
        if !len.is_multiple_of(2) || self.start_index > self.end_index || self.end_index > len / 2 {
            let Self { start_index: start, end_index: end } = self;
            return Err(format!("its bins {start}..{end} are no range of the {len} parts of its input"));
        }
        Ok(TensorType::one(DType::U32, vec![len / 2]))
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
        let bins = operands.get(0)?.n_elements() / 2;
        let spec = signal_energy::Int16Spec { bins, start: self.start_index, end: self.end_index };
        let arguments = vec![to.operand(0)];
        to.call(Kernel::SignalEnergyInt16(spec), arguments)
    }
}
