//! CIRCULAR_BUFFER: the latest slots of a stream, the oldest first.

use smidgen_kernels::ops::circular_buffer;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{check_states, typed};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::same_quant;
use crate::tensor::DType;

/// Attributes of CIRCULAR_BUFFER. Inputs: input (int8, `[1, 1, …, depth]`), buffer (the state, like the result `[1,
/// slots, …, depth]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircularBuffer {
    /// Slots of the buffer.
    pub slots: usize,
}

impl Operator for CircularBuffer {
    fn name() -> &'static str {
        "CIRCULAR_BUFFER"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(CircularBuffer { slots: attributes.take("slots")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("slots", self.slots)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "buffer"]
    }

    fn states(&self) -> &'static [usize] {
        &[1]
    }

    fn own_states(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let mut shape = typed(operands, 0, DType::I8)?.shape.clone();
        match shape.as_mut_slice() {
            [1, slots, _, _] if *slots == 1 => *slots = self.slots,
            _ => return Err(format!("its input must have shape [1, 1, w, c], found {shape:?}")),
        }
        Ok(TensorType::one(DType::I8, shape))
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        check_states(self, operands)?;
        self.own_states(operands)
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        same_quant("input", operands.get(0)?, results.get(0)?)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::SameAsInput
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let spec = circular_buffer::Int8Spec { slots: self.slots, depth: operands.get(0)?.n_elements() };
        let arguments = vec![to.operand(0)];
        let targets = vec![to.result(0)?, to.state(1)?];
        to.call_into(Kernel::CircularBufferInt8(spec), arguments, targets)
    }
}
