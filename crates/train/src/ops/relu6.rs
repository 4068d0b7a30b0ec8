//! RELU6: `y = min(max(x, 0), 6)`, where it could not be fused into the operator before it.

use crate::activation::Clamp;
use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::Seen;

/// A compiled RELU6.
#[derive(Debug, Clone)]
pub(crate) struct Layer;

impl Layer {
    pub(crate) fn compile(operands: &Operands<'_>) -> Result<Self, TrainError> {
        operands.same_elements()?;
        Ok(Layer)
    }

    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        y.copy_from_slice(x);
        Clamp::RELU6.finish(y, &[]);
    }

    pub(crate) fn input_gradient(&self, seen: Seen<'_>, dx: &mut [f32]) {
        dx.copy_from_slice(seen.dy);
        Clamp::RELU6.backward(seen.y, dx);
    }
}
