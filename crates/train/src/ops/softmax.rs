//! SOFTMAX: `y = exp(beta * x) / sum of exp(beta * x)` over the last axis.

use smidgen_ir::ops::softmax::Softmax;

use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::Seen;

/// A compiled SOFTMAX.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    depth: usize,
    beta: f32,
}

impl Layer {
    pub(crate) fn compile(op: &Softmax, operands: &Operands<'_>) -> Result<Self, TrainError> {
        operands.same_elements()?;
        let depth = operands.last_extent(0)?;
        Ok(Layer { depth, beta: op.beta })
    }

    /// Elements of a row.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// The factor of the exponent.
    pub(crate) fn beta(&self) -> f32 {
        self.beta
    }

    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        for (x, y) in x.chunks_exact(self.depth).zip(y.chunks_exact_mut(self.depth)) {
            let peak = x.iter().fold(f32::NEG_INFINITY, |peak, &x| peak.max(x * self.beta));
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = (x * self.beta - peak).exp());
            let sum: f32 = y.iter().sum();
            y.iter_mut().for_each(|y| *y /= sum);
        }
    }

    pub(crate) fn input_gradient(&self, seen: Seen<'_>, dx: &mut [f32]) {
        let rows = seen.y.chunks_exact(self.depth).zip(seen.dy.chunks_exact(self.depth));
        for ((y, dy), dx) in rows.zip(dx.chunks_exact_mut(self.depth)) {
            let along: f32 = y.iter().zip(dy).map(|(y, dy)| y * dy).sum();
            for ((dx, y), dy) in dx.iter_mut().zip(y).zip(dy) {
                *dx = self.beta * y * (dy - along);
            }
        }
    }
}
