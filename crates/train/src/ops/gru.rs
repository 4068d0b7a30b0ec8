//! GRU, by backpropagation through time (Werbos, 1990), in both of its forms.

use std::ops::Range;

use smidgen_ir::ops::gru::Gru;
use smidgen_kernels::float;

use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::rule::{Rule, examples, examples_mut};
use crate::ops::sequence::{add_outer, add_product, add_transposed};
use crate::ops::{Seen, optional, optional_mut};

/// The gates in the order of the weights' rows.
const UPDATE: usize = 0;
const RESET: usize = 1;
const NEW: usize = 2;
const N_GATES: usize = 3;

/// A compiled GRU over one sequence.
#[derive(Debug)]
pub(crate) struct Layer {
    weights: Range<usize>,
    recurrent: Range<usize>,
    /// Of the input, then of the state.
    bias: Option<Range<usize>>,
    /// State before the first step.
    initial: Vec<f32>,
    reverse: bool,
    reset_after: bool,
    in_c: usize,
    units: usize,
}

/// What a step leaves for the backward pass.
#[derive(Debug)]
struct Step {
    /// Place in the sequence.
    at: usize,
    /// State before it.
    before: Vec<f32>,
    gates: Vec<f32>,
    /// With the reset after the product, the product of the state for the new gate; else the state after the reset.
    inner: Vec<f32>,
}

/// Gradients of a step.
struct Back<'a> {
    step: &'a Step,
    /// Of what the gates sum of the input.
    of_input: &'a [f32],
    /// Of what they sum of the state.
    of_state: &'a [f32],
}

impl Layer {
    pub(crate) fn compile(op: &Gru, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let ([rows, in_c], [_, units]) = (operands.extents(1)?, operands.extents(2)?);
        let [first, second, _] = operands.extents::<3>(0)?;
        if if op.time_major { second } else { first } != 1 {
            return Err(
                operands.refuse("runs over several sequences at once; the trainer takes a batch of 1")
            );
        }
        let initial = match operands.shape(4) {
            Err(_) => vec![0.0; units],
            Ok(_) => operands.constant(4)?.ok_or_else(|| {
                operands.refuse("has a computed state before the first step; the trainer takes a constant")
            })?,
        };
        Ok(Layer {
            weights: operands.param(1, rows * in_c)?,
            recurrent: operands.param(2, rows * units)?,
            bias: operands.optional_param(3, 2 * rows)?,
            initial,
            reverse: op.reverse,
            reset_after: op.reset_after,
            in_c,
            units,
        })
    }

    /// Adds the products and biases of rows `rows` of the state.
    fn add_state(&self, params: &[f32], rows: Range<usize>, state: &[f32], sums: &mut [f32]) {
        let units = self.units;
        add_product(&params[self.recurrent.clone()][rows.start * units..rows.end * units], state, sums);
        let bias = optional(params, &self.bias).iter().skip(N_GATES * units + rows.start);
        sums.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias);
    }

    /// The steps in the order in which they are computed, and the results in that of their places.
    fn trace(&self, params: &[f32], x: &[f32], y: &mut [f32]) -> Vec<Step> {
        let (units, steps) = (self.units, x.len() / self.in_c.max(1));
        let mut hidden = self.initial.clone();
        let mut trace = Vec::with_capacity(steps);
        for at in 0..steps {
            let at = if self.reverse { steps - 1 - at } else { at };
            let mut gates = vec![0.0; N_GATES * units];
            add_product(&params[self.weights.clone()], &x[at * self.in_c..(at + 1) * self.in_c], &mut gates);
            gates.iter_mut().zip(optional(params, &self.bias)).for_each(|(sum, bias)| *sum += bias);
            let (first, new) = gates.split_at_mut(NEW * units);
            self.add_state(params, 0..NEW * units, &hidden, first);
            first.iter_mut().for_each(|gate| *gate = float::logistic(*gate));
            let reset = &first[RESET * units..];
            let rows = NEW * units..N_GATES * units;
            let mut inner = vec![0.0; units];
            if self.reset_after {
                self.add_state(params, rows, &hidden, &mut inner);
                new.iter_mut().zip(reset).zip(&inner).for_each(|((new, reset), inner)| *new += reset * inner);
            } else {
                inner.iter_mut().zip(reset).zip(&hidden).for_each(|((inner, reset), h)| *inner = reset * h);
                self.add_state(params, rows, &inner, new);
            }
            new.iter_mut().for_each(|gate| *gate = float::tanh(*gate));
            let mix = |unit: usize| {
                let update = gates[UPDATE * units + unit];
                (1.0 - update) * gates[NEW * units + unit] + update * hidden[unit]
            };
            let after: Vec<f32> = (0..units).map(mix).collect();
            y[at * units..(at + 1) * units].copy_from_slice(&after);
            trace.push(Step { at, before: std::mem::replace(&mut hidden, after), gates, inner });
        }
        trace
    }

    fn back(&self, params: &[f32], x: &[f32], dy: &[f32], mut work: impl FnMut(Back<'_>)) {
        let units = self.units;
        let trace = self.trace(params, x, &mut vec![0.0; dy.len()]);
        let recurrent = &params[self.recurrent.clone()];
        let mut dhidden = vec![0.0; units];
        let (mut of_input, mut of_state) = (vec![0.0; N_GATES * units], vec![0.0; N_GATES * units]);
        for step in trace.iter().rev() {
            let gate = |gate: usize, unit: usize| step.gates[gate * units + unit];
            dhidden.iter_mut().zip(&dy[step.at * units..]).for_each(|(dhidden, dy)| *dhidden += dy);
            let mut dbefore = vec![0.0; units];
            for unit in 0..units {
                let (update, new) = (gate(UPDATE, unit), gate(NEW, unit));
                let dupdate = dhidden[unit] * (step.before[unit] - new) * update * (1.0 - update);
                let dnew = dhidden[unit] * (1.0 - update) * (1.0 - new * new);
                dbefore[unit] = dhidden[unit] * update;
                (of_input[UPDATE * units + unit], of_input[NEW * units + unit]) = (dupdate, dnew);
                let of_new = if self.reset_after { dnew * gate(RESET, unit) } else { dnew };
                (of_state[UPDATE * units + unit], of_state[NEW * units + unit]) = (dupdate, of_new);
            }
            let mut dinner = vec![0.0; units];
            add_transposed(&recurrent[NEW * units * units..], &of_state[NEW * units..], &mut dinner);
            for unit in 0..units {
                let reset = gate(RESET, unit);
                let dreset = if self.reset_after {
                    dbefore[unit] += dinner[unit];
                    of_input[NEW * units + unit] * step.inner[unit]
                } else {
                    dbefore[unit] += dinner[unit] * reset;
                    dinner[unit] * step.before[unit]
                };
                let dreset = dreset * reset * (1.0 - reset);
                (of_input[RESET * units + unit], of_state[RESET * units + unit]) = (dreset, dreset);
            }
            add_transposed(&recurrent[..NEW * units * units], &of_state[..NEW * units], &mut dbefore);
            work(Back { step, of_input: &of_input, of_state: &of_state });
            dhidden = dbefore;
        }
    }
}

impl Rule for Layer {
    fn forward(&self, params: &[f32], x: &[&[f32]], y: &mut [f32], n: usize) {
        for (x, y) in examples(x[0], n).zip(examples_mut(y, n)) {
            self.trace(params, x, y);
        }
    }

    fn input_gradient(&self, seen: Seen<'_>, _operand: usize, dx: &mut [f32], n: usize) {
        dx.fill(0.0);
        for ((dx, x), dy) in examples_mut(dx, n).zip(examples(seen.x[0], n)).zip(examples(seen.dy, n)) {
            self.back(seen.params, x, dy, |back| {
                let dx = &mut dx[back.step.at * self.in_c..][..self.in_c];
                add_transposed(&seen.params[self.weights.clone()], back.of_input, dx);
            });
        }
    }

    fn add_parameter_gradients(&self, seen: Seen<'_>, dparams: &mut [f32], n: usize) {
        let (units, gates) = (self.units, N_GATES * self.units);
        for (x, dy) in examples(seen.x[0], n).zip(examples(seen.dy, n)) {
            self.back(seen.params, x, dy, |Back { step, of_input, of_state }| {
                add_outer(
                    of_input,
                    &x[step.at * self.in_c..][..self.in_c],
                    &mut dparams[self.weights.clone()],
                );
                let (first, new) = dparams[self.recurrent.clone()].split_at_mut(NEW * units * units);
                add_outer(&of_state[..NEW * units], &step.before, first);
                let seen_by_new = if self.reset_after { &step.before } else { &step.inner };
                add_outer(&of_state[NEW * units..], seen_by_new, new);
                let dbias = optional_mut(dparams, &self.bias);
                let sums = of_input.iter().chain(of_state);
                dbias.iter_mut().zip(sums).for_each(|(dbias, sum)| *dbias += sum);
                debug_assert!(dbias.is_empty() || dbias.len() == 2 * gates, "both halves of the biases");
            });
        }
    }
}
