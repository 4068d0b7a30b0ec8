//! Extents of a recurrent layer, and the walk along its steps.

use super::super::dot::part;
use crate::error::{attempt, elements, length, optional_length};
use crate::{InvalidSpec, WrongLength};

/// Weights and biases of the four gates.
pub(super) struct Weights<'a, W, B> {
    pub(super) input: [&'a [W]; 4],
    pub(super) recurrent: [&'a [W]; 4],
    pub(super) bias: [&'a [B]; 4],
}

impl<'a, W, B: Copy> Weights<'a, W, B> {
    /// Input weights, recurrent weights and bias of one unit.
    #[inline(always)]
    pub(super) fn of(&self, gate: usize, unit: usize, shape: &Shape) -> (&'a [W], &'a [W], Option<B>) {
        let (Some(input), Some(recurrent), Some(bias)) =
            (self.input.get(gate), self.recurrent.get(gate), self.bias.get(gate))
        else {
            return (&[], &[], None);
        };
        let (in_c, units) = (shape.in_c, shape.units);
        (part(input, unit * in_c, in_c), part(recurrent, unit * units, units), bias.get(unit).copied())
    }
}

/// Extents of all operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    batches: usize,
    steps: usize,
    in_c: usize,
    units: usize,
    time_major: bool,
    pub(super) reset: bool,
}

impl Shape {
    pub(super) const fn new(
        batches: usize,
        steps: usize,
        in_c: usize,
        units: usize,
        time_major: bool,
        reset: bool,
    ) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[batches, steps, in_c]));
        attempt!(elements(&[batches, steps, units]));
        attempt!(elements(&[units, in_c]));
        attempt!(elements(&[units, units]));
        Ok(Self { batches, steps, in_c, units, time_major, reset })
    }

    pub(super) fn check_lengths<A, W, B, C>(
        &self,
        input: &[A],
        weights: &Weights<'_, W, B>,
        output: &[A],
        hidden: &[A],
        cell: &[C],
    ) -> Result<(), WrongLength> {
        let Shape { batches, steps, in_c, units, .. } = *self;
        length("input", input.len(), batches * steps * in_c)?;
        for (name, weights) in ["input_to_input", "input_to_forget", "input_to_cell", "input_to_output"]
            .iter()
            .zip(weights.input)
        {
            length(name, weights.len(), units * in_c)?;
        }
        for (name, weights) in
            ["recurrent_to_input", "recurrent_to_forget", "recurrent_to_cell", "recurrent_to_output"]
                .iter()
                .zip(weights.recurrent)
        {
            length(name, weights.len(), units * units)?;
        }
        for (name, bias) in ["input_bias", "forget_bias", "cell_bias", "output_bias"].iter().zip(weights.bias)
        {
            optional_length(name, bias.len(), units)?;
        }
        length("output", output.len(), batches * steps * units)?;
        length("hidden", hidden.len(), batches * units)?;
        length("cell", cell.len(), batches * units)
    }

    /// Stores for every step and unit what `f` makes of the unit, the input, the hidden state before the step, and the
    /// unit's cell.
    #[inline(always)]
    pub(super) fn walk<A: Copy, C>(
        &self,
        input: &[A],
        output: &mut [A],
        hidden: &mut [A],
        cell: &mut [C],
        f: impl Fn(usize, &[A], &[A], &mut C) -> A,
    ) {
        let Shape { batches, steps, in_c, units, time_major, .. } = *self;
        for batch in 0..batches {
            let (hidden, cell) =
                (part_mut(hidden, batch * units, units), part_mut(cell, batch * units, units));
            for step in 0..steps {
                let row = if time_major { step * batches + batch } else { batch * steps + step };
                let (x, y) = (part(input, row * in_c, in_c), part_mut(output, row * units, units));
                for (unit, (y, c)) in y.iter_mut().zip(&mut *cell).enumerate() {
                    *y = f(unit, x, hidden, c);
                }
                for (h, &y) in hidden.iter_mut().zip(&*y) {
                    *h = y;
                }
            }
        }
    }
}

/// `len` elements from `start` to write, or none if they are not all there.
#[inline(always)]
fn part_mut<T>(slice: &mut [T], start: usize, len: usize) -> &mut [T] {
    slice.get_mut(start..).and_then(|rest| rest.get_mut(..len)).unwrap_or_default()
}
