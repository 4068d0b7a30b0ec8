//! MEAN, SUM, REDUCE_MAX and REDUCE_MIN over any axes. Of equal greatest (or least) elements the first one wins.

use smidgen_ir::ops::Op;

use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::Seen;
use crate::ops::broadcast::spread;
use crate::ops::rule::{Rule, examples, examples_mut};

/// What becomes of the elements that one result stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Mean,
    Sum,
    Max,
    Min,
}

/// The kind and the axes of `op`, if it is a reduction.
pub(crate) fn kind(op: &Op) -> Option<(Kind, &[i32])> {
    match op {
        Op::Mean(op) => Some((Kind::Mean, &op.axes)),
        Op::Sum(op) => Some((Kind::Sum, &op.axes)),
        Op::ReduceMax(op) => Some((Kind::Max, &op.axes)),
        Op::ReduceMin(op) => Some((Kind::Min, &op.axes)),
        _ => None,
    }
}

/// A compiled reduction.
#[derive(Debug)]
pub(crate) struct Layer {
    kind: Kind,
    /// For each element of one example's input, the result that it belongs to.
    results: Vec<usize>,
    /// `1 / count` for the mean, else 1.
    factor: f32,
}

impl Layer {
    pub(crate) fn compile(kind: Kind, axes: &[i32], operands: &Operands<'_>) -> Result<Self, TrainError> {
        let input = operands.shape(0)?;
        let rank = input.len() as i32;
        let is_reduced = |axis: usize| axes.iter().any(|&of| of.rem_euclid(rank.max(1)) as usize == axis);
        let kept: Vec<usize> = input
            .iter()
            .enumerate()
            .map(|(axis, &extent)| if is_reduced(axis) { 1 } else { extent })
            .collect();
        let results = spread(&kept, input).ok_or_else(|| operands.refuse("its axes do not fit its input"))?;
        let count = results.len() / kept.iter().product::<usize>().max(1);
        let factor = if kind == Kind::Mean { 1.0 / count.max(1) as f32 } else { 1.0 };
        Ok(Layer { kind, results, factor })
    }

    /// For each result, the element that it is.
    fn winners(&self, x: &[f32], n_results: usize) -> Vec<usize> {
        let mut winners = vec![usize::MAX; n_results];
        for (at, (&result, &value)) in self.results.iter().zip(x).enumerate() {
            let best = x.get(winners[result]);
            let wins = |best: &f32| if self.kind == Kind::Max { value > *best } else { value < *best };
            if best.is_none_or(wins) {
                winners[result] = at;
            }
        }
        winners
    }
}

impl Rule for Layer {
    fn forward(&self, _params: &[f32], x: &[&[f32]], y: &mut [f32], n: usize) {
        for (x, y) in examples(x[0], n).zip(examples_mut(y, n)) {
            match self.kind {
                Kind::Mean | Kind::Sum => {
                    y.fill(0.0);
                    self.results.iter().zip(x).for_each(|(&result, x)| y[result] += x);
                    y.iter_mut().for_each(|y| *y *= self.factor);
                }
                Kind::Max | Kind::Min => {
                    let winners = self.winners(x, y.len());
                    y.iter_mut().zip(winners).for_each(|(y, winner)| *y = x[winner]);
                }
            }
        }
    }

    fn input_gradient(&self, seen: Seen<'_>, _operand: usize, dx: &mut [f32], n: usize) {
        for ((dx, x), dy) in examples_mut(dx, n).zip(examples(seen.x[0], n)).zip(examples(seen.dy, n)) {
            match self.kind {
                Kind::Mean | Kind::Sum => {
                    dx.iter_mut().zip(&self.results).for_each(|(dx, &result)| *dx = dy[result] * self.factor);
                }
                Kind::Max | Kind::Min => {
                    dx.fill(0.0);
                    let winners = self.winners(x, dy.len());
                    winners.into_iter().zip(dy).for_each(|(winner, dy)| dx[winner] += dy);
                }
            }
        }
    }
}
