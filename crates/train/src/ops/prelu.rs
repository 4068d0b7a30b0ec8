//! PRELU: `y = x` where `x >= 0`, else `y = alpha * x` with a trained alpha that is stretched to x.

use std::ops::Range;

use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::Seen;
use crate::ops::broadcast::spread;
use crate::ops::rule::{Rule, examples, examples_mut};

/// A compiled PRELU.
#[derive(Debug)]
pub(crate) struct Layer {
    alpha: Range<usize>,
    /// For each element of one example, its alpha.
    indices: Vec<usize>,
}

impl Layer {
    pub(crate) fn compile(operands: &Operands<'_>) -> Result<Self, TrainError> {
        operands.same_elements()?;
        let shape = operands.shape(1)?;
        let alpha = operands.param(1, shape.iter().product())?;
        let indices = spread(shape, operands.output());
        let indices =
            indices.ok_or_else(|| operands.refuse(format!("an alpha of {shape:?} does not fit")))?;
        Ok(Layer { alpha, indices })
    }
}

impl Rule for Layer {
    fn forward(&self, params: &[f32], x: &[&[f32]], y: &mut [f32], n: usize) {
        let alpha = &params[self.alpha.clone()];
        for (x, y) in examples(x[0], n).zip(examples_mut(y, n)) {
            for ((y, &x), &at) in y.iter_mut().zip(x).zip(&self.indices) {
                *y = if x >= 0.0 { x } else { x * alpha[at] };
            }
        }
    }

    fn input_gradient(&self, seen: Seen<'_>, _operand: usize, dx: &mut [f32], n: usize) {
        let alpha = &seen.params[self.alpha.clone()];
        for ((dx, x), dy) in examples_mut(dx, n).zip(examples(seen.x[0], n)).zip(examples(seen.dy, n)) {
            for (((dx, &x), &dy), &at) in dx.iter_mut().zip(x).zip(dy).zip(&self.indices) {
                *dx = if x >= 0.0 { dy } else { dy * alpha[at] };
            }
        }
    }

    fn add_parameter_gradients(&self, seen: Seen<'_>, dparams: &mut [f32], n: usize) {
        let dalpha = &mut dparams[self.alpha.clone()];
        for (x, dy) in examples(seen.x[0], n).zip(examples(seen.dy, n)) {
            for ((&x, &dy), &at) in x.iter().zip(dy).zip(&self.indices) {
                dalpha[at] += if x >= 0.0 { 0.0 } else { dy * x };
            }
        }
    }
}
