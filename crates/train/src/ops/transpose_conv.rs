//! TRANSPOSE_CONV: each input pixel adds its products with the filter to a window of the output.

use std::ops::Range;

use smidgen_ir::ops::transpose_conv::TransposeConv;

use crate::activation::{Clamp, add_bias_gradient};
use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::rule::{Rule, examples, examples_mut};
use crate::ops::{Seen, optional, optional_mut};

/// An input pixel, a tap of the filter and the output pixel that they meet at.
#[derive(Debug, Clone, Copy)]
struct Meeting {
    input: usize,
    tap: usize,
    output: usize,
}

/// A compiled TRANSPOSE_CONV.
#[derive(Debug)]
pub(crate) struct Layer {
    clamp: Clamp,
    weights: Range<usize>,
    bias: Option<Range<usize>>,
    meetings: Vec<Meeting>,
    /// Taps of a filter.
    taps: usize,
    in_c: usize,
    out_c: usize,
}

impl Layer {
    pub(crate) fn compile(op: &TransposeConv, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let (input, filter) = (operands.extents::<4>(0)?, operands.extents::<4>(1)?);
        let window = op.window(input, filter).map_err(|problem| operands.refuse(problem))?;
        let ([batches, in_h, in_w, in_c], [out_c, k_h, k_w, _]) = (input, filter);
        if batches != 1 {
            return Err(operands.refuse("has a batch in the graph; expected 1"));
        }
        let [out_h, out_w] = op.output;
        let touched = |at: usize, stride: usize, tap: usize, pad: usize, extent: usize| {
            (at * stride + tap).checked_sub(pad).filter(|&at| at < extent)
        };
        let mut meetings = Vec::new();
        for (y, x) in (0..in_h).flat_map(|y| (0..in_w).map(move |x| (y, x))) {
            for (ky, kx) in (0..k_h).flat_map(|ky| (0..k_w).map(move |kx| (ky, kx))) {
                let row = touched(y, op.stride[0], ky, window.pad_top, out_h);
                let column = touched(x, op.stride[1], kx, window.pad_left, out_w);
                if let (Some(row), Some(column)) = (row, column) {
                    let (input, tap) = (y * in_w + x, ky * k_w + kx);
                    meetings.push(Meeting { input, tap, output: row * out_w + column });
                }
            }
        }
        Ok(Layer {
            clamp: Clamp::of(op.activation),
            weights: operands.param(1, out_c * k_h * k_w * in_c)?,
            bias: operands.optional_param(2, out_c)?,
            meetings,
            taps: k_h * k_w,
            in_c,
            out_c,
        })
    }

    /// Calls `work` with the input pixel, the output element and the weights (by position) of every product row.
    fn each(&self, mut work: impl FnMut(Range<usize>, usize, Range<usize>)) {
        for meeting in &self.meetings {
            for channel in 0..self.out_c {
                let filter = (channel * self.taps + meeting.tap) * self.in_c;
                let input = meeting.input * self.in_c;
                work(
                    input..input + self.in_c,
                    meeting.output * self.out_c + channel,
                    filter..filter + self.in_c,
                );
            }
        }
    }
}

impl Rule for Layer {
    fn forward(&self, params: &[f32], x: &[&[f32]], y: &mut [f32], n: usize) {
        let weights = &params[self.weights.clone()];
        y.fill(0.0);
        for (x, y) in examples(x[0], n).zip(examples_mut(y, n)) {
            self.each(|input, output, filter| {
                let products = x[input].iter().zip(&weights[filter]).map(|(x, w)| x * w);
                y[output] += products.sum::<f32>();
            });
        }
        self.clamp.finish(y, optional(params, &self.bias));
    }

    fn input_gradient(&self, seen: Seen<'_>, _operand: usize, dx: &mut [f32], n: usize) {
        let weights = &seen.params[self.weights.clone()];
        dx.fill(0.0);
        for (dx, dy) in examples_mut(dx, n).zip(examples(seen.dy, n)) {
            self.each(|input, output, filter| {
                dx[input].iter_mut().zip(&weights[filter]).for_each(|(dx, w)| *dx += dy[output] * w);
            });
        }
    }

    fn add_parameter_gradients(&self, seen: Seen<'_>, dparams: &mut [f32], n: usize) {
        let dweights = &mut dparams[self.weights.clone()];
        for (x, dy) in examples(seen.x[0], n).zip(examples(seen.dy, n)) {
            self.each(|input, output, filter| {
                dweights[filter].iter_mut().zip(&x[input]).for_each(|(dw, x)| *dw += dy[output] * x);
            });
        }
        add_bias_gradient(seen.dy, optional_mut(dparams, &self.bias));
    }

    fn clamp(&self) -> Clamp {
        self.clamp
    }
}
