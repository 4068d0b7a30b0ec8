//! UNIDIRECTIONAL_SEQUENCE_LSTM, by backpropagation through time (Werbos, 1990). Both states start at 0.

use std::ops::Range;

use smidgen_ir::ops::unidirectional_sequence_lstm::UnidirectionalSequenceLstm;
use smidgen_kernels::float;

use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::rule::{Rule, examples, examples_mut};
use crate::ops::sequence::{add_outer, add_product, add_transposed};
use crate::ops::{Seen, optional, optional_mut};

/// The gates in the order of the operands.
const INPUT: usize = 0;
const FORGET: usize = 1;
const CELL: usize = 2;
const OUTPUT: usize = 3;
const N_GATES: usize = 4;

/// Parameters of a gate.
#[derive(Debug)]
struct Gate {
    weights: Range<usize>,
    recurrent: Range<usize>,
    bias: Option<Range<usize>>,
}

/// A compiled LSTM over one sequence.
#[derive(Debug)]
pub(crate) struct Layer {
    gates: Vec<Gate>,
    cell_clip: f32,
    in_c: usize,
    units: usize,
}

/// What a forward pass over one sequence leaves for the backward pass: for each step the four gates, and both states
/// before the first step and after each.
#[derive(Debug, Default)]
struct Trace {
    gates: Vec<f32>,
    cells: Vec<f32>,
    hidden: Vec<f32>,
}

impl Layer {
    pub(crate) fn compile(
        op: &UnidirectionalSequenceLstm,
        operands: &Operands<'_>,
    ) -> Result<Self, TrainError> {
        let [units, in_c] = operands.extents(1)?;
        let [first, second, _] = operands.extents::<3>(0)?;
        if if op.time_major { second } else { first } != 1 {
            return Err(
                operands.refuse("runs over several sequences at once; the trainer takes a batch of 1")
            );
        }
        let gate = |gate: usize| {
            Ok(Gate {
                weights: operands.param(1 + gate, units * in_c)?,
                recurrent: operands.param(5 + gate, units * units)?,
                bias: operands.optional_param(9 + gate, units)?,
            })
        };
        let gates = (0..N_GATES).map(gate).collect::<Result<_, TrainError>>()?;
        Ok(Layer { gates, cell_clip: op.cell_clip, in_c, units })
    }

    fn trace(&self, params: &[f32], x: &[f32]) -> Trace {
        let units = self.units;
        let mut trace = Trace { cells: vec![0.0; units], hidden: vec![0.0; units], ..Trace::default() };
        let mut sums = vec![0.0; N_GATES * units];
        for x in x.chunks_exact(self.in_c) {
            let hidden = &trace.hidden[trace.hidden.len() - units..];
            sums.fill(0.0);
            for (gate, sums) in self.gates.iter().zip(sums.chunks_exact_mut(units)) {
                add_product(&params[gate.weights.clone()], x, sums);
                add_product(&params[gate.recurrent.clone()], hidden, sums);
                let bias = optional(params, &gate.bias);
                sums.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias);
            }
            let value =
                |gate: usize, sum: f32| if gate == CELL { float::tanh(sum) } else { float::logistic(sum) };
            trace.gates.extend(sums.iter().enumerate().map(|(at, &sum)| value(at / units, sum)));
            let gates = &trace.gates[trace.gates.len() - N_GATES * units..];
            let start = trace.cells.len() - units;
            for unit in 0..units {
                let of = |gate: usize| gates[gate * units + unit];
                let cell = of(FORGET) * trace.cells[start + unit] + of(INPUT) * of(CELL);
                let clip = self.cell_clip;
                let cell = if clip > 0.0 { float::clamp(cell, -clip, clip) } else { cell };
                trace.cells.push(cell);
                trace.hidden.push(of(OUTPUT) * float::tanh(cell));
            }
        }
        trace
    }

    /// Goes back in time. `work` gets each step with the gradients of the gates before their activations and the hidden
    /// state before the step.
    fn back(&self, params: &[f32], x: &[f32], dy: &[f32], mut work: impl FnMut(usize, &[f32], &[f32])) {
        let units = self.units;
        let trace = self.trace(params, x);
        let (mut dhidden, mut dcell) = (vec![0.0; units], vec![0.0; units]);
        let mut dgates = vec![0.0; N_GATES * units];
        for step in (0..dy.len() / units).rev() {
            let gates = &trace.gates[step * N_GATES * units..];
            dhidden.iter_mut().zip(&dy[step * units..]).for_each(|(dhidden, dy)| *dhidden += dy);
            for unit in 0..units {
                let of = |gate: usize| gates[gate * units + unit];
                let (before, cell) =
                    (trace.cells[step * units + unit], trace.cells[(step + 1) * units + unit]);
                let tanh = float::tanh(cell);
                let is_clipped = self.cell_clip > 0.0 && cell.abs() >= self.cell_clip;
                let through = dcell[unit] + dhidden[unit] * of(OUTPUT) * (1.0 - tanh * tanh);
                let through = if is_clipped { 0.0 } else { through };
                let slope = |gate: usize| of(gate) * (1.0 - of(gate));
                dgates[INPUT * units + unit] = through * of(CELL) * slope(INPUT);
                dgates[FORGET * units + unit] = through * before * slope(FORGET);
                dgates[CELL * units + unit] = through * of(INPUT) * (1.0 - of(CELL) * of(CELL));
                dgates[OUTPUT * units + unit] = dhidden[unit] * tanh * slope(OUTPUT);
                dcell[unit] = through * of(FORGET);
            }
            work(step, &dgates, &trace.hidden[step * units..(step + 1) * units]);
            dhidden.fill(0.0);
            for (gate, dgate) in self.gates.iter().zip(dgates.chunks_exact(units)) {
                add_transposed(&params[gate.recurrent.clone()], dgate, &mut dhidden);
            }
        }
    }
}

impl Rule for Layer {
    fn forward(&self, params: &[f32], x: &[&[f32]], y: &mut [f32], n: usize) {
        for (x, y) in examples(x[0], n).zip(examples_mut(y, n)) {
            y.copy_from_slice(&self.trace(params, x).hidden[self.units..]);
        }
    }

    fn input_gradient(&self, seen: Seen<'_>, _operand: usize, dx: &mut [f32], n: usize) {
        dx.fill(0.0);
        for ((dx, x), dy) in examples_mut(dx, n).zip(examples(seen.x[0], n)).zip(examples(seen.dy, n)) {
            self.back(seen.params, x, dy, |step, dgates, _| {
                let dx = &mut dx[step * self.in_c..(step + 1) * self.in_c];
                for (gate, dgate) in self.gates.iter().zip(dgates.chunks_exact(self.units)) {
                    add_transposed(&seen.params[gate.weights.clone()], dgate, dx);
                }
            });
        }
    }

    fn add_parameter_gradients(&self, seen: Seen<'_>, dparams: &mut [f32], n: usize) {
        for (x, dy) in examples(seen.x[0], n).zip(examples(seen.dy, n)) {
            self.back(seen.params, x, dy, |step, dgates, hidden| {
                let x = &x[step * self.in_c..(step + 1) * self.in_c];
                for (gate, dgate) in self.gates.iter().zip(dgates.chunks_exact(self.units)) {
                    add_outer(dgate, x, &mut dparams[gate.weights.clone()]);
                    add_outer(dgate, hidden, &mut dparams[gate.recurrent.clone()]);
                    let dbias = optional_mut(dparams, &gate.bias);
                    dbias.iter_mut().zip(dgate).for_each(|(dbias, dgate)| *dbias += dgate);
                }
            });
        }
    }
}
