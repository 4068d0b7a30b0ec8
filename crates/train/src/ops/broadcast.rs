//! How an operand's elements reach those of a result that it is stretched to.

use crate::error::TrainError;
use crate::operands::Operands;

/// How an operand is read, example by example.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    /// Element by element, as the result.
    Whole,
    /// For each element of one example's result, the element of the operand's example.
    Spread { indices: Vec<usize>, elements: usize },
    /// A constant, already spread over one example's result.
    Constant(Vec<f32>),
}

impl Access {
    /// The access to an operand of a node whose result has `output` extents.
    pub(crate) fn of(operands: &Operands<'_>, operand: usize) -> Result<Self, TrainError> {
        let (shape, output) = (operands.shape(operand)?, operands.output());
        let Some(indices) = spread(shape, output) else {
            let problem = format!("operand {operand} of shape {shape:?} does not broadcast to {output:?}");
            return Err(TrainError::graph(operands.place(), problem));
        };
        let elements = shape.iter().product();
        Ok(match operands.constant(operand)? {
            Some(values) => Access::Constant(indices.iter().map(|&at| values[at]).collect()),
            None if elements == indices.len() => Access::Whole,
            None => Access::Spread { indices, elements },
        })
    }

    /// The operand's value for element `at` of the result of example `example`, which has `elements` elements.
    #[inline(always)]
    pub(crate) fn value(&self, x: &[f32], example: usize, elements: usize, at: usize) -> f32 {
        match self {
            Access::Whole => x[example * elements + at],
            Access::Spread { indices, elements: own } => x[example * own + indices[at]],
            Access::Constant(values) => values[at],
        }
    }

    /// Makes the operand's gradient of that of the result, both of whole batches; `elements` are one example's.
    pub(crate) fn gather(&self, elements: usize, dx: &mut [f32], slope: impl Fn(usize, usize) -> f32) {
        match self {
            Access::Whole => {
                dx.iter_mut().enumerate().for_each(|(at, dx)| *dx = slope(at / elements, at % elements));
            }
            Access::Spread { indices, elements: own } => {
                dx.fill(0.0);
                for (example, dx) in dx.chunks_exact_mut(*own).enumerate() {
                    indices.iter().enumerate().for_each(|(at, &to)| dx[to] += slope(example, at));
                }
            }
            Access::Constant(_) => {}
        }
    }
}

/// For each element of `output`, the element of `input` that broadcasting puts there.
pub(crate) fn spread(input: &[usize], output: &[usize]) -> Option<Vec<usize>> {
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
