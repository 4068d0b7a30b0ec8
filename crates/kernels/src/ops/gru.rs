//! GRU: a gated recurrent unit along time. With `s` the logistic function, at each step `z, r = s(W x + R h + b)`,
//! `n = tanh(W x + R (r * h) + b)` and `y = h = (1 - z) * n + z * h`; or, with the reset after the product as in Keras,
//! `n = tanh(W x + b + r * (R h + b'))`.
//!
//! Source: ONNX operator `GRU` with its default activations. Gates come in its order: update, reset, new.

use super::dot::{part, tail};
use crate::error::{attempt, elements, length, optional_length};
use crate::{InvalidSpec, WrongLength, float};

/// Everything about a float GRU that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Sequences.
    pub batches: usize,
    /// Steps of each sequence.
    pub steps: usize,
    /// Elements of the input at a step.
    pub in_c: usize,
    /// Elements of the state and of the output at a step.
    pub units: usize,
    /// Whether a step of all sequences, rather than a whole sequence, lies together.
    pub time_major: bool,
    /// Whether the last step is the first to be computed; outputs stay at the place of their step.
    pub reverse: bool,
    /// Whether the reset gate meets the product of the state (`linear_before_reset` of ONNX), not the state.
    pub reset_after: bool,
}

/// Float GRU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    spec: Float32Spec,
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        let Float32Spec { batches, steps, in_c, units, .. } = spec;
        attempt!(elements(&[batches, steps, in_c]));
        attempt!(elements(&[batches, steps, units]));
        attempt!(elements(&[3, units, in_c]));
        attempt!(elements(&[6, units, units]));
        Ok(Self { spec })
    }

    /// Elements of the scratch memory.
    pub const fn scratch_len(&self) -> usize {
        2 * self.spec.units
    }

    /// Weights `3 × units × in_c`, recurrent weights `3 × units × units`, biases `6 × units` (those of the input, then
    /// those of the state) or empty, the state before the first step `batches × units` or empty for 0. Input and output
    /// are `batches × steps × elements`, or with time first. Products are added in order, the bias last.
    #[expect(clippy::too_many_arguments, reason = "operands, result and scratch come apart")]
    #[inline(never)]
    pub fn run(
        &self,
        input: &[f32],
        weights: &[f32],
        recurrent: &[f32],
        bias: &[f32],
        initial: &[f32],
        output: &mut [f32],
        scratch: &mut [f32],
    ) -> Result<(), WrongLength> {
        let Float32Spec { batches, steps, in_c, units, time_major, reverse, .. } = self.spec;
        length("input", input.len(), batches * steps * in_c)?;
        length("weights", weights.len(), 3 * units * in_c)?;
        length("recurrent", recurrent.len(), 3 * units * units)?;
        optional_length("bias", bias.len(), 6 * units)?;
        optional_length("initial", initial.len(), batches * units)?;
        length("output", output.len(), batches * steps * units)?;
        length("scratch", scratch.len(), self.scratch_len())?;
        let layer = Layer { spec: &self.spec, weights, recurrent, bias };
        let (hidden, reset) = scratch.split_at_mut_checked(units).unwrap_or_default();
        for batch in 0..batches {
            hidden.fill(0.0);
            copy(part(initial, batch * units, units), hidden);
            for step in 0..steps {
                let step = if reverse { steps - 1 - step } else { step };
                let row = if time_major { step * batches + batch } else { batch * steps + step };
                let y =
                    output.get_mut(row * units..).and_then(|rest| rest.get_mut(..units)).unwrap_or_default();
                layer.step(part(input, row * in_c, in_c), hidden, reset, y);
                copy(y, hidden);
            }
        }
        Ok(())
    }
}

/// Constants of the three gates.
struct Layer<'a> {
    spec: &'a Float32Spec,
    weights: &'a [f32],
    recurrent: &'a [f32],
    bias: &'a [f32],
}

/// The gates in their order.
const UPDATE: usize = 0;
const RESET: usize = 1;
const NEW: usize = 2;

impl Layer<'_> {
    /// One step of one sequence: the outputs of `x` and the state `h`. `reset` takes the state after its gate.
    fn step(&self, x: &[f32], h: &[f32], reset: &mut [f32], y: &mut [f32]) {
        for (unit, (reset, &h_unit)) in reset.iter_mut().zip(h).enumerate() {
            let r = float::logistic(self.input(RESET, unit, x) + self.state(RESET, unit, h));
            *reset = if self.spec.reset_after { r } else { r * h_unit };
        }
        for (unit, (y, &h_unit)) in y.iter_mut().zip(h).enumerate() {
            let z = float::logistic(self.input(UPDATE, unit, x) + self.state(UPDATE, unit, h));
            let from_state = if self.spec.reset_after {
                reset.get(unit).copied().unwrap_or(0.0) * self.state(NEW, unit, h)
            } else {
                self.state(NEW, unit, reset)
            };
            let n = float::tanh(self.input(NEW, unit, x) + from_state);
            *y = (1.0 - z) * n + z * h_unit;
        }
    }

    /// `W x + b` of one unit of a gate.
    #[inline(always)]
    fn input(&self, gate: usize, unit: usize, x: &[f32]) -> f32 {
        let row = gate * self.spec.units + unit;
        dot(x, tail(self.weights, row * self.spec.in_c)) + self.bias.get(row).copied().unwrap_or(0.0)
    }

    /// `R h + b'` of one unit of a gate.
    #[inline(always)]
    fn state(&self, gate: usize, unit: usize, h: &[f32]) -> f32 {
        let units = self.spec.units;
        let row = gate * units + unit;
        dot(h, tail(self.recurrent, row * units)) + self.bias.get(3 * units + row).copied().unwrap_or(0.0)
    }
}

/// The sum of products, in order.
#[inline(always)]
fn dot(x: &[f32], w: &[f32]) -> f32 {
    x.iter().zip(w).fold(0.0, |sum, (x, w)| sum + x * w)
}

#[inline(always)]
fn copy(from: &[f32], to: &mut [f32]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = from;
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::super::naive::Random;
    use super::*;

    const HAND: Float32Spec = Float32Spec {
        batches: 1,
        steps: 2,
        in_c: 1,
        units: 1,
        time_major: false,
        reverse: false,
        reset_after: false,
    };

    /// The definition in double precision, one sequence after the other.
    fn plain(spec: &Float32Spec, [x, w, r, b, initial]: [&[f32]; 5]) -> Vec<f64> {
        let Float32Spec { batches, steps, in_c, units, .. } = *spec;
        let dot = |x: &[f64], w: &[f32]| x.iter().zip(w).map(|(x, &w)| x * f64::from(w)).sum::<f64>();
        let bias = |at: usize| b.get(at).map_or(0.0, |&b| f64::from(b));
        let squash = |x: f64| 1.0 / (1.0 + (-x).exp());
        let mut output = vec![0.0; batches * steps * units];
        for batch in 0..batches {
            let mut h: Vec<f64> =
                (0..units).map(|unit| initial.get(batch * units + unit).map_or(0.0, |&h| h.into())).collect();
            for step in 0..steps {
                let step = if spec.reverse { steps - 1 - step } else { step };
                let row = if spec.time_major { step * batches + batch } else { batch * steps + step };
                let x: Vec<f64> = x[row * in_c..][..in_c].iter().map(|&x| x.into()).collect();
                let wx = |at: usize| dot(&x, &w[at * in_c..]) + bias(at);
                let rh = |at: usize, h: &[f64]| dot(h, &r[at * units..]) + bias(3 * units + at);
                let z: Vec<f64> = (0..units).map(|unit| squash(wx(unit) + rh(unit, &h))).collect();
                let reset: Vec<f64> =
                    (units..2 * units).map(|unit| squash(wx(unit) + rh(unit, &h))).collect();
                let scaled: Vec<f64> = h.iter().zip(&reset).map(|(h, r)| h * r).collect();
                let next: Vec<f64> = (0..units)
                    .map(|unit| {
                        let at = 2 * units + unit;
                        let state = if spec.reset_after { reset[unit] * rh(at, &h) } else { rh(at, &scaled) };
                        (1.0 - z[unit]) * (wx(at) + state).tanh() + z[unit] * h[unit]
                    })
                    .collect();
                h = next;
                output[row * units..][..units].copy_from_slice(&h);
            }
        }
        output
    }

    #[test]
    fn two_steps_by_hand() {
        let kernel = Float32::new(HAND).unwrap();
        let (mut output, mut scratch) = ([9.0; 2], [9.0; 2]);
        // Only the update gate sees the input: it closes, then opens.
        let run = kernel.run(
            &[30.0, -30.0],
            &[1.0, 0.0, 0.0],
            &[0.0; 3],
            &[0.0, 0.0, 20.0, 0.0, 0.0, 0.0],
            &[0.5],
            &mut output,
            &mut scratch,
        );
        assert_eq!(run, Ok(()));
        assert_eq!(output, [0.5, 1.0]);
    }

    #[test]
    fn random_steps_equal_the_definition() {
        for seed in 0..300 {
            let random = &mut Random::new(seed);
            let [time_major, reverse, reset_after, biased, started] =
                [0; 5].map(|_| random.bits().is_multiple_of(2));
            let [batches, steps] = [0; 2].map(|_| random.size(1, 3));
            let [in_c, units] = [0; 2].map(|_| random.size(1, 6));
            let spec = Float32Spec { batches, steps, in_c, units, time_major, reverse, reset_after };
            let mut floats = |len: usize| random.floats(len).iter().map(|x| x * 0.2).collect::<Vec<_>>();
            let (x, w, r) =
                (floats(batches * steps * in_c), floats(3 * units * in_c), floats(3 * units * units));
            let b = floats(if biased { 6 * units } else { 0 });
            let initial = floats(if started { batches * units } else { 0 });
            let kernel = Float32::new(spec).unwrap();
            let (mut output, mut scratch) = (vec![9.0; batches * steps * units], vec![9.0; 2 * units]);
            assert_eq!(kernel.run(&x, &w, &r, &b, &initial, &mut output, &mut scratch), Ok(()));
            for (found, expected) in output.iter().zip(plain(&spec, [&x, &w, &r, &b, &initial])) {
                let error = (f64::from(*found) - expected).abs();
                assert!(error < 2.0e-6, "seed {seed}: {found} for {expected}, {spec:?}");
            }
        }
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        for wrong in [
            Float32Spec { batches: 0, ..HAND },
            Float32Spec { steps: 0, ..HAND },
            Float32Spec { in_c: 0, ..HAND },
            Float32Spec { units: 1 << 15, ..HAND },
        ] {
            assert!(Float32::new(wrong).is_err(), "{wrong:?}");
        }
        let kernel = Float32::new(HAND).unwrap();
        let run = kernel.run(&[0.0; 2], &[0.0; 3], &[0.0; 3], &[0.0; 5], &[], &mut [0.0; 2], &mut [0.0; 2]);
        assert_eq!(run, Err(WrongLength { operand: "bias", expected: 6, found: 5 }));
    }
}
