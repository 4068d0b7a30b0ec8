//! LOG_SOFTMAX and L2_NORMALIZATION, which work along the last axis, row by row.

use smidgen_ir::ops::Op;
use smidgen_kernels::float;

use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::Seen;
use crate::ops::rule::Rule;

/// Sums of squares below this count as this, as in TFLite.
const LEAST_SQUARES: f32 = 1e-6;

/// What becomes of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// `y = x - log of the sum of exp(x)`
    LogSoftmax,
    /// `y = x / sqrt(sum of x^2)`
    L2Normalization,
}

/// The kind of `op`, if it is one.
pub(crate) fn kind(op: &Op) -> Option<Kind> {
    match op {
        Op::LogSoftmax(_) => Some(Kind::LogSoftmax),
        Op::L2Normalization(_) => Some(Kind::L2Normalization),
        _ => None,
    }
}

/// A compiled operator.
#[derive(Debug)]
pub(crate) struct Layer {
    kind: Kind,
    depth: usize,
}

impl Layer {
    pub(crate) fn compile(kind: Kind, operands: &Operands<'_>) -> Result<Self, TrainError> {
        operands.same_elements()?;
        Ok(Layer { kind, depth: operands.last_extent(0)? })
    }
}

impl Rule for Layer {
    fn forward(&self, _params: &[f32], x: &[&[f32]], y: &mut [f32], _n: usize) {
        for (x, y) in x[0].chunks_exact(self.depth).zip(y.chunks_exact_mut(self.depth)) {
            match self.kind {
                Kind::LogSoftmax => {
                    let peak = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    let sum: f32 = x.iter().map(|x| float::exp(x - peak)).sum();
                    let log = float::log(sum);
                    y.iter_mut().zip(x).for_each(|(y, x)| *y = x - peak - log);
                }
                Kind::L2Normalization => {
                    let norm = norm(x);
                    y.iter_mut().zip(x).for_each(|(y, x)| *y = x / norm);
                }
            }
        }
    }

    fn input_gradient(&self, seen: Seen<'_>, _operand: usize, dx: &mut [f32], _n: usize) {
        let rows = seen.x[0].chunks_exact(self.depth).zip(seen.y.chunks_exact(self.depth));
        let rows = rows.zip(seen.dy.chunks_exact(self.depth)).zip(dx.chunks_exact_mut(self.depth));
        for (((x, y), dy), dx) in rows {
            match self.kind {
                Kind::LogSoftmax => {
                    let sum: f32 = dy.iter().sum();
                    dx.iter_mut().zip(y).zip(dy).for_each(|((dx, y), dy)| *dx = dy - float::exp(*y) * sum);
                }
                Kind::L2Normalization => {
                    let norm = norm(x);
                    let along: f32 = y.iter().zip(dy).map(|(y, dy)| y * dy).sum();
                    dx.iter_mut().zip(y).zip(dy).for_each(|((dx, y), dy)| *dx = (dy - y * along) / norm);
                }
            }
        }
    }
}

fn norm(x: &[f32]) -> f32 {
    let squares: f32 = x.iter().map(|x| x * x).sum();
    float::sqrt(squares.max(LEAST_SQUARES))
}
