//! PAD: zeros around the data.

use smidgen_ir::ops::pad::Pad;

use crate::error::TrainError;
use crate::operands::Operands;

/// A compiled PAD: where each innermost run of the input stands in the output.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    run: usize,
    starts: Vec<usize>,
    in_elements: usize,
    out_elements: usize,
}

impl Layer {
    pub(crate) fn compile(op: &Pad, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let (input, output) = (operands.shape(0)?, operands.output());
        let mut starts = vec![0];
        for ((&extent, &out), &[before, _]) in input.iter().zip(output).zip(&op.paddings) {
            starts = starts
                .iter()
                .flat_map(|start| (0..extent).map(move |at| start * out + before + at))
                .collect();
        }
        let run = input.last().copied().unwrap_or(1).max(1);
        let in_elements = starts.len();
        let starts = starts.into_iter().step_by(run).collect();
        Ok(Layer { run, starts, in_elements, out_elements: output.iter().product() })
    }

    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        y.fill(0.0);
        for (x, y) in x.chunks_exact(self.in_elements).zip(y.chunks_exact_mut(self.out_elements)) {
            for (run, &start) in x.chunks_exact(self.run).zip(&self.starts) {
                y[start..start + self.run].copy_from_slice(run);
            }
        }
    }

    pub(crate) fn input_gradient(&self, dy: &[f32], dx: &mut [f32]) {
        for (dx, dy) in dx.chunks_exact_mut(self.in_elements).zip(dy.chunks_exact(self.out_elements)) {
            for (run, &start) in dx.chunks_exact_mut(self.run).zip(&self.starts) {
                run.copy_from_slice(&dy[start..start + self.run]);
            }
        }
    }
}
