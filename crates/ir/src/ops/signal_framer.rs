//! SIGNAL_FRAMER: overlapping frames of a stream that comes in steps.

use smidgen_kernels::ops::signal_framer;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{check_states, plain, rows, typed, with_last};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::{DType, Tensor};

/// Attributes of SIGNAL_FRAMER. Inputs: input (int16, `[…, frames * frame_step]`), samples and steps (the states).
/// Results: frames (int16, `[…, frames, frame_size]`), whether all are full (bool, a scalar).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalFramer {
    /// Samples of a frame.
    pub frame_size: usize,
    /// Samples from one frame to the next.
    pub frame_step: usize,
    /// Whether zeros stand before the first sample.
    pub prefill: bool,
}

impl SignalFramer {
    fn spec(&self, input: &Tensor) -> Result<signal_framer::Int16Spec, String> {
        let (rows, samples) = rows("input", input)?;
        let Self { frame_size, frame_step, prefill } = *self;
        if frame_step == 0 || frame_step > frame_size || !samples.is_multiple_of(frame_step) {
            return Err(format!(
                "its frame_step {frame_step} must be at least 1, at most its frame_size {frame_size} and a divisor of \
                 the {samples} samples of its input"
            ));
        }
        Ok(signal_framer::Int16Spec { rows, frames: samples / frame_step, frame_size, frame_step, prefill })
    }
}

impl Operator for SignalFramer {
    fn name() -> &'static str {
        "SIGNAL_FRAMER"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalFramer {
            frame_size: attributes.take("frame_size")?,
            frame_step: attributes.take("frame_step")?,
            prefill: attributes.take("prefill")?,
        })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
            .with("frame_size", self.frame_size)
            .with("frame_step", self.frame_step)
            .with("prefill", self.prefill)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "samples", "steps"]
    }

    fn states(&self) -> &'static [usize] {
        &[1, 2]
    }

    fn own_states(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let spec = self.spec(typed(operands, 0, DType::I16)?)?;
        let samples = TensorType { dtype: DType::I16, shape: vec![spec.rows, spec.window()] };
        Ok(vec![samples, TensorType { dtype: DType::I32, shape: Vec::new() }])
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        check_states(self, operands)?;
        let input = operands.get(0)?;
        let frames = self.spec(input)?.frames;
        let shape = with_last(&input.shape, 1, &[frames, self.frame_size]);
        let valid = TensorType { dtype: DType::Bool, shape: Vec::new() };
        Ok(vec![TensorType { dtype: DType::I16, shape }, valid])
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
        let spec = self.spec(operands.get(0)?)?;
        let arguments = vec![to.operand(0)];
        let targets = vec![to.result(0)?, to.result(1)?, to.state(1)?, to.state(2)?];
        to.call_into(Kernel::SignalFramerInt16(spec), arguments, targets)
    }
}
