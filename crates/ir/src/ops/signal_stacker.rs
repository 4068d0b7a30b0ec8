//! SIGNAL_STACKER: a frame with its neighbours in time, every `stacker_step` frames.

use smidgen_kernels::ops::signal_stacker;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{accepted, check_states, list_of, plain};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of SIGNAL_STACKER. Inputs: input (int16, `[channels]`), stack and filled (the states). Results: the
/// stack (int16, `[frames * channels]`), whether there is one (bool, a scalar).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalStacker {
    /// Elements of a frame.
    pub num_channels: usize,
    /// Frames before the one in question.
    pub stacker_left_context: usize,
    /// Frames after it.
    pub stacker_right_context: usize,
    /// Frames from one output to the next.
    pub stacker_step: usize,
}

impl SignalStacker {
    fn spec(&self) -> signal_stacker::Int16Spec {
        signal_stacker::Int16Spec {
            channels: self.num_channels,
            left_context: self.stacker_left_context,
            right_context: self.stacker_right_context,
            step: self.stacker_step,
        }
    }

    /// Elements of all frames that are stacked.
    fn stacked(&self) -> Result<usize, String> {
        let frames = self.stacker_left_context.checked_add(self.stacker_right_context);
        let frames = frames.and_then(|frames| frames.checked_add(1));
        let stacked = frames.and_then(|frames| frames.checked_mul(self.num_channels));
        stacked.ok_or_else(|| "its stack has too many elements".into())
    }
}

impl Operator for SignalStacker {
    fn name() -> &'static str {
        "SIGNAL_STACKER"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalStacker {
            num_channels: attributes.take("num_channels")?,
            stacker_left_context: attributes.take("stacker_left_context")?,
            stacker_right_context: attributes.take("stacker_right_context")?,
            stacker_step: attributes.take("stacker_step")?,
        })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
            .with("num_channels", self.num_channels)
            .with("stacker_left_context", self.stacker_left_context)
            .with("stacker_right_context", self.stacker_right_context)
            .with("stacker_step", self.stacker_step)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "stack", "filled"]
    }

    fn states(&self) -> &'static [usize] {
        &[1, 2]
    }

    fn own_states(&self, _operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let stack = TensorType { dtype: DType::I16, shape: vec![self.stacked()?] };
        Ok(vec![stack, TensorType { dtype: DType::I32, shape: Vec::new() }])
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        accepted(signal_stacker::Int16::new(self.spec()))?;
        check_states(self, operands)?;
        list_of(operands, 0, DType::I16, self.num_channels)?;
        let valid = TensorType { dtype: DType::Bool, shape: Vec::new() };
        Ok(vec![TensorType { dtype: DType::I16, shape: vec![self.stacked()?] }, valid])
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        plain(operands, results)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::NotQuantized
    }

    fn lower(
        &self,
        _operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let arguments = vec![to.operand(0)];
        let targets = vec![to.result(0)?, to.result(1)?, to.state(1)?, to.state(2)?];
        to.call_into(Kernel::SignalStackerInt16(self.spec()), arguments, targets)
    }
}
