//! One step of the int8 and int16 kernels.

use super::Int8Spec;
use super::shape::{Shape, Weights};
use crate::error::{attempt, ensure, multiplier, zero_point};
use crate::fixed::multiply_by_quantized_multiplier;
use crate::memory::Pod;
use crate::sigmoid::{self, Rescale};
use crate::wide::multiply_wide_by_quantized_multiplier;
use crate::{InvalidSpec, WrongLength};

/// What the quantised kernels share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quantized {
    shape: Shape,
    spec: Int8Spec,
    /// How activations read gates, which have 12 fractional bits.
    gate: Rescale,
    /// How the tangent reads the cell.
    cell: Rescale,
}

impl Quantized {
    pub(super) const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(spec.input_zero_point));
        attempt!(zero_point(spec.hidden_zero_point));
        let mut gate = 0;
        while gate < 4 {
            attempt!(multiplier(spec.input_multiplier[gate], spec.input_shift[gate]));
            attempt!(multiplier(spec.recurrent_multiplier[gate], spec.recurrent_shift[gate]));
            gate += 1;
        }
        attempt!(multiplier(spec.forget_multiplier, spec.forget_shift));
        attempt!(multiplier(spec.cell_multiplier, spec.cell_shift));
        attempt!(multiplier(spec.hidden_multiplier, spec.hidden_shift));
        ensure!(0 <= spec.cell_clip && spec.cell_clip <= 32_767, "a cell clip must be in 0..=32767");
        let bits = spec.cell_fraction_bits;
        ensure!(0 <= bits && bits <= 30, "the fractional bits of an LSTM's cell must be in 0..=30");
        let Int8Spec { batches, steps, in_c, units, time_major, reset, .. } = spec;
        let shape = attempt!(Shape::new(batches, steps, in_c, units, time_major, reset));
        let gate = attempt!(Rescale::new(3, 0));
        let cell =
            attempt!(if bits <= 12 { Rescale::new(3 << (12 - bits), 0) } else { Rescale::new(3, bits - 12) });
        Ok(Self { shape, spec, gate, cell })
    }

    #[inline(always)]
    pub(super) fn run<A: Activation>(
        &self,
        input: &[A],
        weights: &Weights<'_, i8, A::Bias>,
        output: &mut [A],
        hidden: &mut [A],
        cell: &mut [i16],
    ) -> Result<(), WrongLength> {
        let (shape, spec) = (&self.shape, &self.spec);
        shape.check_lengths(input, weights, output, hidden, cell)?;
        if shape.reset {
            hidden.fill(A::saturate(spec.hidden_zero_point));
            cell.fill(0);
        }
        shape.walk(input, output, hidden, cell, |unit, x, h, c| {
            let sum = |gate| self.gate_sum::<A>(weights, gate, unit, x, h);
            let i = sigmoid::logistic(sum(0), self.gate);
            let f = sigmoid::logistic(sum(1), self.gate);
            let g = sigmoid::tanh(sum(2), self.gate);
            let o = sigmoid::logistic(sum(3), self.gate);
            let kept = saturate(product(f, *c, spec.forget_multiplier, spec.forget_shift));
            let new = saturate(product(i, g, spec.cell_multiplier, spec.cell_shift));
            let sum = saturate(i32::from(kept) + i32::from(new));
            let limit = spec.cell_clip as i16;
            *c = if limit > 0 { sum.min(limit).max(-limit) } else { sum };
            let y = product(sigmoid::tanh(*c, self.cell), o, spec.hidden_multiplier, spec.hidden_shift);
            A::saturate(y.wrapping_add(spec.hidden_zero_point))
        });
        Ok(())
    }

    /// `W x + R h + b` of a gate, 12 fractional bits.
    #[inline(always)]
    fn gate_sum<A: Activation>(
        &self,
        weights: &Weights<'_, i8, A::Bias>,
        gate: usize,
        unit: usize,
        x: &[A],
        h: &[A],
    ) -> i16 {
        let spec = &self.spec;
        let of_gate = |multiplier: &[i32; 4], shift: &[i32; 4]| {
            (multiplier.get(gate).copied().unwrap_or(0), shift.get(gate).copied().unwrap_or(0))
        };
        let (w, r, bias) = weights.of(gate, unit, &self.shape);
        let to = of_gate(&spec.input_multiplier, &spec.input_shift);
        let input = saturate(A::scaled_dot(x, w, bias, spec.input_zero_point, to));
        let to = of_gate(&spec.recurrent_multiplier, &spec.recurrent_shift);
        let recurrent = saturate(A::scaled_dot(h, r, None, spec.hidden_zero_point, to));
        saturate(i32::from(input) + i32::from(recurrent))
    }
}

/// Element types of input, hidden state and output.
pub(super) trait Activation: Pod {
    /// Element type of the bias, and of sums.
    type Bias: Pod;

    /// The nearest value of the type.
    fn saturate(value: i32) -> Self;

    /// The products of `x`, moved by its zero point, with weights; added to the bias and scaled.
    fn scaled_dot(x: &[Self], w: &[i8], bias: Option<Self::Bias>, zero_point: i32, to: (i32, i32)) -> i32;
}

impl Activation for i8 {
    type Bias = i32;

    #[inline(always)]
    fn saturate(value: i32) -> Self {
        value.max(i8::MIN.into()).min(i8::MAX.into()) as i8
    }

    #[inline(always)]
    fn scaled_dot(x: &[i8], w: &[i8], bias: Option<i32>, zero_point: i32, to: (i32, i32)) -> i32 {
        let sum = x.iter().zip(w).fold(bias.unwrap_or(0), |sum, (&x, &w)| {
            sum.wrapping_add((i32::from(x) - zero_point) * i32::from(w))
        });
        multiply_by_quantized_multiplier(sum, to.0, to.1)
    }
}

impl Activation for i16 {
    type Bias = i64;

    #[inline(always)]
    fn saturate(value: i32) -> Self {
        saturate(value)
    }

    #[inline(always)]
    fn scaled_dot(x: &[i16], w: &[i8], bias: Option<i64>, _zero_point: i32, to: (i32, i32)) -> i32 {
        let sum = x.iter().zip(w).fold(bias.unwrap_or(0), |sum, (&x, &w)| {
            sum.wrapping_add(i64::from(i32::from(x) * i32::from(w)))
        });
        multiply_wide_by_quantized_multiplier(sum, to.0, to.1)
    }
}

/// A product of two int16 values, scaled.
#[inline(always)]
fn product(a: i16, b: i16, multiplier: i32, shift: i32) -> i32 {
    multiply_by_quantized_multiplier(i32::from(a) * i32::from(b), multiplier, shift)
}

#[inline(always)]
fn saturate(value: i32) -> i16 {
    value.max(i16::MIN.into()).min(i16::MAX.into()) as i16
}
