//! ADD: `y = act(a + b)` with broadcasting.

use smidgen_ir::ops::add::Add;

use crate::activation::Clamp;
use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::broadcast::Access;
use crate::simd::add_to;

/// A compiled ADD.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) clamp: Clamp,
    elements: usize,
    operands: [Access; 2],
}

impl Layer {
    pub(crate) fn compile(op: &Add, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let access = [Access::of(operands, 0)?, Access::of(operands, 1)?];
        let elements = operands.output().iter().product();
        Ok(Layer { clamp: Clamp::of(op.activation), elements, operands: access })
    }

    pub(crate) fn forward(&self, x: &[&[f32]], y: &mut [f32]) {
        if let [Access::Whole, Access::Whole] = self.operands {
            y.copy_from_slice(x[0]);
            add_to(y, x[1]);
            return self.clamp.finish(y, &[]);
        }
        y.fill(0.0);
        for (access, x) in self.operands.iter().zip(x) {
            for (example, y) in y.chunks_exact_mut(self.elements).enumerate() {
                match access {
                    Access::Whole => {
                        let x = &x[example * self.elements..][..self.elements];
                        y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
                    }
                    Access::Spread { indices, elements } => {
                        let x = &x[example * elements..][..*elements];
                        y.iter_mut().zip(indices).for_each(|(y, &at)| *y += x[at]);
                    }
                    Access::Constant(values) => y.iter_mut().zip(values).for_each(|(y, x)| *y += x),
                }
            }
        }
        self.clamp.finish(y, &[]);
    }

    pub(crate) fn input_gradient(&self, dy: &[f32], operand: usize, dx: &mut [f32]) {
        match &self.operands[operand] {
            Access::Whole => dx.copy_from_slice(dy),
            Access::Spread { indices, elements } => {
                dx.fill(0.0);
                for (dx, dy) in dx.chunks_exact_mut(*elements).zip(dy.chunks_exact(self.elements)) {
                    indices.iter().zip(dy).for_each(|(&at, dy)| dx[at] += dy);
                }
            }
            Access::Constant(_) => {}
        }
    }
}
