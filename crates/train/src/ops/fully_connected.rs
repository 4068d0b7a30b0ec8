//! FULLY_CONNECTED: `y[b,o] = act(bias[o] + sum over i of x[b,i] * w[o,i])`.

use std::ops::Range;

use smidgen_ir::ops::fully_connected::FullyConnected;

use crate::activation::{Clamp, add_bias_gradient};
use crate::error::TrainError;
use crate::linear;
use crate::operands::Operands;
use crate::ops::{Seen, optional, optional_mut};

/// A compiled FULLY_CONNECTED.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) clamp: Clamp,
    weights: Range<usize>,
    bias: Option<Range<usize>>,
    /// Rows in one example.
    rows: usize,
    in_c: usize,
    out_c: usize,
}

impl Layer {
    pub(crate) fn compile(op: &FullyConnected, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let [out_c, in_c] = operands.extents(1)?;
        let rows = operands.output().iter().product::<usize>() / out_c.max(1);
        if rows * in_c != operands.shape(0)?.iter().product::<usize>() {
            return Err(
                operands.refuse(format!("its input {:?} does not make rows of {in_c}", operands.shape(0)?))
            );
        }
        Ok(Layer {
            clamp: Clamp::of(op.activation),
            weights: operands.param(1, out_c * in_c)?,
            bias: operands.optional_param(2, out_c)?,
            rows,
            in_c,
            out_c,
        })
    }

    fn extents(&self, n: usize) -> [usize; 3] {
        [n * self.rows, self.in_c, self.out_c]
    }

    pub(crate) fn forward(&self, params: &[f32], x: &[f32], y: &mut [f32], n: usize) {
        linear::forward(x, &params[self.weights.clone()], self.extents(n), y);
        self.clamp.finish(y, optional(params, &self.bias));
    }

    pub(crate) fn add_parameter_gradients(&self, seen: Seen<'_>, dparams: &mut [f32], n: usize) {
        linear::add_weight_gradient(seen.x[0], seen.dy, self.extents(n), &mut dparams[self.weights.clone()]);
        add_bias_gradient(seen.dy, optional_mut(dparams, &self.bias));
    }

    pub(crate) fn input_gradient(&self, seen: Seen<'_>, dx: &mut [f32], n: usize) {
        linear::input_gradient(seen.dy, &seen.params[self.weights.clone()], self.extents(n), dx);
    }
}
