//! GRU: at each step `z, r = logistic(W x + R h + b)`, `n = tanh(W x + R (r * h) + b)` and `y = h = (1 - z) n + z h`.

use smidgen_kernels::ops::gru;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::reduction::one_of;
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::program::Target;
use crate::tensor::DType;

/// Attributes of GRU, one direction of the ONNX operator with its default activations; float32 only.
///
/// Inputs: x `[batch, steps, I]`; weights `[3 * units, I]` and recurrent weights `[3 * units, units]` of the update, reset
/// and new gate; optional bias `[6 * units]`, those of the input before those of the state; optional state before the
/// first step `[batch, units]`, else 0. The result has the state after every step: ONNX's `Y_h` is its last step, or the
/// first where it runs in reverse. TFLite has no such operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Gru {
    /// Whether the shapes are `[steps, batch, …]`.
    pub time_major: bool,
    /// Whether the last step is the first to be computed; results stay at the place of their step.
    pub reverse: bool,
    /// Whether the reset gate meets the product, `n = tanh(W x + b + r * (R h + b'))`: `linear_before_reset` of ONNX.
    pub reset_after: bool,
}

impl Gru {
    fn spec(&self, operands: &Operands<'_>) -> Result<gru::Float32Spec, String> {
        let shape = operands.get(0)?.shape.as_slice();
        let &[first, second, in_c] = shape else {
            return Err(format!("its input must have 3 dimensions, found shape {shape:?}"));
        };
        let (batches, steps) = if self.time_major { (second, first) } else { (first, second) };
        let units = operands.get(2)?.shape.last().copied().unwrap_or(0);
        let shapes = [vec![3 * units, in_c], vec![3 * units, units], vec![6 * units], vec![batches, units]];
        for (at, wanted) in (1..).zip(shapes) {
            match operands.optional(at) {
                Some(found) if found.shape != wanted => {
                    let (name, found) = (operands.name(at), &found.shape);
                    return Err(format!("its {name} must have the shape {wanted:?}, found {found:?}"));
                }
                _ => {}
            }
        }
        let Gru { time_major, reverse, reset_after } = *self;
        Ok(gru::Float32Spec { batches, steps, in_c, units, time_major, reverse, reset_after })
    }
}

impl Operator for Gru {
    fn name() -> &'static str {
        "GRU"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        let (time_major, reverse) = (attributes.take("time_major")?, attributes.take("reverse")?);
        Ok(Gru { time_major, reverse, reset_after: attributes.take("reset_after")? })
    }

    fn attributes(&self) -> Attributes {
        let attributes = Attributes::default().with("time_major", self.time_major);
        attributes.with("reverse", self.reverse).with("reset_after", self.reset_after)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "weights", "recurrent weights", "bias", "initial state"]
    }

    fn n_required(&self) -> usize {
        3
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        for at in 0..operands.len() {
            operands.optional(at).map_or(Ok(()), |found| one_of(operands.name(at), found, &[DType::F32]))?;
        }
        let gru::Float32Spec { units, .. } = self.spec(operands)?;
        let mut shape = operands.get(0)?.shape.clone();
        shape.truncate(2);
        shape.push(units);
        Ok(TensorType::one(DType::F32, shape))
    }

    fn quant(&self, operands: &Operands<'_>, _results: &Results<'_>) -> Result<(), String> {
        operands.constant(1)?;
        operands.constant(2)?;
        if operands.optional(3).is_some() {
            operands.constant(3)?;
        }
        Ok(())
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::NotQuantized
    }

    fn macs(&self, operands: &Operands<'_>, _results: &Results<'_>) -> u64 {
        self.spec(operands).map_or(0, |of| {
            (of.batches * of.steps) as u64 * 3 * of.units as u64 * (of.in_c + of.units) as u64
        })
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let spec = self.spec(operands)?;
        let kernel = gru::Float32::new(spec).map_err(|error| error.to_string())?;
        let arguments = (0..5).map(|at| to.operand(at)).collect();
        let scratch = Target::Scratch { bytes: kernel.scratch_len() * size_of::<f32>() };
        let targets = vec![to.result(0)?, scratch];
        to.call_into(Kernel::GruFloat32(spec), arguments, targets)
    }
}
