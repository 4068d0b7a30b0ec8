//! SIGNAL_OVERLAP_ADD: frames that overlap, added up to a stream.

use smidgen_kernels::ops::signal_overlap_add;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::signal::{accepted, check_states, plain, rows, with_last};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::{DType, Tensor};

/// Attributes of SIGNAL_OVERLAP_ADD. Inputs: input (int16 or float32, `[…, frames, frame_size]`), sums (the state).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalOverlapAdd {
    /// Samples from one frame to the next.
    pub frame_step: usize,
}

impl SignalOverlapAdd {
    /// Streams, frames of each, and samples of a frame.
    fn extents(&self, input: &Tensor) -> Result<[usize; 3], String> {
        if !matches!(input.dtype, DType::I16 | DType::F32) {
            return Err(format!("its input must be int16 or float32, found {}", input.dtype.name()));
        }
        let (rows, frame_size) = rows("input", input)?;
        let frames = input.shape.iter().rev().nth(1).copied().unwrap_or(0);
        let streams = rows.checked_div(frames).ok_or("its input must have at least 2 dimensions")?;
        Ok([streams, frames, frame_size])
    }
}

impl Operator for SignalOverlapAdd {
    fn name() -> &'static str {
        "SIGNAL_OVERLAP_ADD"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(SignalOverlapAdd { frame_step: attributes.take("frame_step")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("frame_step", self.frame_step)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "sums"]
    }

    fn states(&self) -> &'static [usize] {
        &[1]
    }

    fn own_states(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let [streams, _, frame_size] = self.extents(input)?;
        Ok(TensorType::one(input.dtype, vec![streams, frame_size]))
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        check_states(self, operands)?;
        let input = operands.get(0)?;
        let ([rows, frames, frame_size], frame_step) = (self.extents(input)?, self.frame_step);
        let spec = signal_overlap_add::Int16Spec { rows, frames, frame_size, frame_step };
        accepted(signal_overlap_add::Int16::new(spec))?;
        let samples = frames.checked_mul(frame_step).ok_or("its output has too many samples")?;
        Ok(TensorType::one(input.dtype, with_last(&input.shape, 2, &[samples])))
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
        let ([rows, frames, frame_size], frame_step) = (self.extents(input)?, self.frame_step);
        let kernel = match input.dtype {
            DType::F32 => {
                let spec = signal_overlap_add::Float32Spec { rows, frames, frame_size, frame_step };
                Kernel::SignalOverlapAddFloat32(spec)
            }
            _ => {
                let spec = signal_overlap_add::Int16Spec { rows, frames, frame_size, frame_step };
                Kernel::SignalOverlapAddInt16(spec)
            }
        };
        let arguments = vec![to.operand(0)];
        let targets = vec![to.result(0)?, to.state(1)?];
        to.call_into(kernel, arguments, targets)
    }
}
