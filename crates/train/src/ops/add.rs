//! ADD: `y = act(a + b)` with broadcasting.

use smidgen_ir::ops::add::Add;

use crate::activation::Clamp;
use crate::error::TrainError;
use crate::operands::Operands;
use crate::simd::add_to;

/// How an operand is read.
#[derive(Debug, Clone)]
enum Access {
    /// Element by element, as the result.
    Whole,
    /// For each element of one example's result, the element of the operand's example.
    Spread { indices: Vec<usize>, elements: usize },
    /// A constant, already spread over one example's result.
    Constant(Vec<f32>),
}

/// A compiled ADD.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) clamp: Clamp,
    elements: usize,
    operands: [Access; 2],
}

/// For each element of `output`, the element of `input` that broadcasting puts there.
fn spread(input: &[usize], output: &[usize]) -> Option<Vec<usize>> {
    let lead = output.len().checked_sub(input.len())?;
    let mut strides = vec![0; output.len()];
    let mut stride = 1;
    for (axis, &extent) in input.iter().enumerate().rev() {
        let out = *output.get(lead + axis)?;
        if extent != out && extent != 1 {
            return None;
        }
        strides[lead + axis] = if extent == 1 { 0 } else { stride };
        stride *= extent;
    }
    let mut indices = vec![0];
    for (&extent, &stride) in output.iter().zip(&strides) {
        indices = indices.iter().flat_map(|start| (0..extent).map(move |at| start + at * stride)).collect();
    }
    Some(indices)
}

impl Layer {
    pub(crate) fn compile(op: &Add, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let output = operands.output();
        let access = |operand: usize| {
            let shape = operands.shape(operand)?;
            let Some(indices) = spread(shape, output) else {
                let problem =
                    format!("operand {operand} of shape {shape:?} does not broadcast to {output:?}");
                return Err(TrainError::graph(operands.place(), problem));
            };
            let elements = shape.iter().product();
            Ok(match operands.constant(operand)? {
                Some(values) => Access::Constant(indices.iter().map(|&at| values[at]).collect()),
                None if elements == indices.len() => Access::Whole,
                None => Access::Spread { indices, elements },
            })
        };
        let elements = output.iter().product();
        Ok(Layer { clamp: Clamp::of(op.activation), elements, operands: [access(0)?, access(1)?] })
    }

    pub(crate) fn forward(&self, x: [&[f32]; 2], y: &mut [f32]) {
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
