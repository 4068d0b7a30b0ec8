//! UNIDIRECTIONAL_SEQUENCE_LSTM: a long short-term memory along time. With `s` the logistic function, at each step
//! `i, f, o = s(W x + R h + b)`, `g = tanh(W x + R h + b)`, `c = f * c + i * g` (clipped) and `y = h = o * tanh(c)`.
//!
//! Source: TensorFlow Lite Micro, `lstm_internal::LstmStep` and `EvalLstm`. Gates are int16 with 12 fractional bits
//! before and 15 after their activation, `W x` and `R h` saturated apart; the cell is int16 with a scale of a power of 2.
//! Operands of gates come in TFLite's order: input, forget, cell, output.

use crate::error::{attempt, ensure};
use crate::{InvalidSpec, WrongLength, float};

use quantized::Quantized;
use shape::{Shape, Weights};

mod quantized;
mod shape;

/// Everything about an int8 UNIDIRECTIONAL_SEQUENCE_LSTM that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
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
    /// Whether both states are set to a real 0 before the first step.
    pub reset: bool,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the hidden state and the output.
    pub hidden_zero_point: i32,
    /// Scale of `W x` of each gate to 2^-12, a Q0.31.
    pub input_multiplier: [i32; 4],
    /// Their exponents.
    pub input_shift: [i32; 4],
    /// Scale of `R h` of each gate to 2^-12, a Q0.31.
    pub recurrent_multiplier: [i32; 4],
    /// Their exponents.
    pub recurrent_shift: [i32; 4],
    /// Scale of `f * c` to the cell, a Q0.31.
    pub forget_multiplier: i32,
    /// Its exponent.
    pub forget_shift: i32,
    /// Scale of `i * g` to the cell, a Q0.31.
    pub cell_multiplier: i32,
    /// Its exponent.
    pub cell_shift: i32,
    /// Scale of `o * tanh(c)` to the hidden state, a Q0.31.
    pub hidden_multiplier: i32,
    /// Its exponent.
    pub hidden_shift: i32,
    /// Fractional bits of the cell, in `0..=30`.
    pub cell_fraction_bits: i32,
    /// Largest magnitude of the cell; 0 for none.
    pub cell_clip: i32,
}

/// Everything about an int16 UNIDIRECTIONAL_SEQUENCE_LSTM that is known when it is compiled. The zero points are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
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
    /// Whether both states are set to 0 before the first step.
    pub reset: bool,
    /// Scale of `W x` of each gate to 2^-12, a Q0.31.
    pub input_multiplier: [i32; 4],
    /// Their exponents, at most 14.
    pub input_shift: [i32; 4],
    /// Scale of `R h` of each gate to 2^-12, a Q0.31.
    pub recurrent_multiplier: [i32; 4],
    /// Their exponents, at most 14.
    pub recurrent_shift: [i32; 4],
    /// Scale of `f * c` to the cell, a Q0.31.
    pub forget_multiplier: i32,
    /// Its exponent.
    pub forget_shift: i32,
    /// Scale of `i * g` to the cell, a Q0.31.
    pub cell_multiplier: i32,
    /// Its exponent.
    pub cell_shift: i32,
    /// Scale of `o * tanh(c)` to the hidden state, a Q0.31.
    pub hidden_multiplier: i32,
    /// Its exponent.
    pub hidden_shift: i32,
    /// Fractional bits of the cell, in `0..=30`.
    pub cell_fraction_bits: i32,
    /// Largest magnitude of the cell; 0 for none.
    pub cell_clip: i32,
}

/// Everything about a float UNIDIRECTIONAL_SEQUENCE_LSTM that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
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
    /// Whether both states are set to 0 before the first step.
    pub reset: bool,
    /// Largest magnitude of the cell; 0 for none.
    pub cell_clip: f32,
}

/// Int8 UNIDIRECTIONAL_SEQUENCE_LSTM with an int16 cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    lstm: Quantized,
}

/// Int16 UNIDIRECTIONAL_SEQUENCE_LSTM with int8 weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    lstm: Quantized,
}

/// Float UNIDIRECTIONAL_SEQUENCE_LSTM.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32 {
    shape: Shape,
    cell_clip: f32,
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { lstm: attempt!(Quantized::new(spec)) })
    }

    /// Weights `units × in_c` and `units × units`, biases `units` or empty; states `batches × units`. Input and output
    /// are `batches × steps × elements`, or with time first.
    #[expect(clippy::too_many_arguments, reason = "the weights of four gates come apart")]
    #[inline(never)]
    pub fn run(
        &self,
        input: &[i8],
        input_to_input: &[i8],
        input_to_forget: &[i8],
        input_to_cell: &[i8],
        input_to_output: &[i8],
        recurrent_to_input: &[i8],
        recurrent_to_forget: &[i8],
        recurrent_to_cell: &[i8],
        recurrent_to_output: &[i8],
        input_bias: &[i32],
        forget_bias: &[i32],
        cell_bias: &[i32],
        output_bias: &[i32],
        output: &mut [i8],
        hidden: &mut [i8],
        cell: &mut [i16],
    ) -> Result<(), WrongLength> {
        let weights = Weights {
            input: [input_to_input, input_to_forget, input_to_cell, input_to_output],
            recurrent: [recurrent_to_input, recurrent_to_forget, recurrent_to_cell, recurrent_to_output],
            bias: [input_bias, forget_bias, cell_bias, output_bias],
        };
        self.lstm.run(input, &weights, output, hidden, cell)
    }
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        let mut gate = 0;
        while gate < 4 {
            ensure!(
                spec.input_shift[gate] <= 14 && spec.recurrent_shift[gate] <= 14,
                "a shift of an int16 gate must be at most 14"
            );
            gate += 1;
        }
        let Int16Spec { batches, steps, in_c, units, time_major, reset, .. } = spec;
        let spec = Int8Spec {
            batches,
            steps,
            in_c,
            units,
            time_major,
            reset,
            input_zero_point: 0,
            hidden_zero_point: 0,
            input_multiplier: spec.input_multiplier,
            input_shift: spec.input_shift,
            recurrent_multiplier: spec.recurrent_multiplier,
            recurrent_shift: spec.recurrent_shift,
            forget_multiplier: spec.forget_multiplier,
            forget_shift: spec.forget_shift,
            cell_multiplier: spec.cell_multiplier,
            cell_shift: spec.cell_shift,
            hidden_multiplier: spec.hidden_multiplier,
            hidden_shift: spec.hidden_shift,
            cell_fraction_bits: spec.cell_fraction_bits,
            cell_clip: spec.cell_clip,
        };
        Ok(Self { lstm: attempt!(Quantized::new(spec)) })
    }

    /// Weights `units × in_c` and `units × units`, biases `units` or empty; states `batches × units`. Input and output
    /// are `batches × steps × elements`, or with time first.
    #[expect(clippy::too_many_arguments, reason = "the weights of four gates come apart")]
    #[inline(never)]
    pub fn run(
        &self,
        input: &[i16],
        input_to_input: &[i8],
        input_to_forget: &[i8],
        input_to_cell: &[i8],
        input_to_output: &[i8],
        recurrent_to_input: &[i8],
        recurrent_to_forget: &[i8],
        recurrent_to_cell: &[i8],
        recurrent_to_output: &[i8],
        input_bias: &[i64],
        forget_bias: &[i64],
        cell_bias: &[i64],
        output_bias: &[i64],
        output: &mut [i16],
        hidden: &mut [i16],
        cell: &mut [i16],
    ) -> Result<(), WrongLength> {
        let weights = Weights {
            input: [input_to_input, input_to_forget, input_to_cell, input_to_output],
            recurrent: [recurrent_to_input, recurrent_to_forget, recurrent_to_cell, recurrent_to_output],
            bias: [input_bias, forget_bias, cell_bias, output_bias],
        };
        self.lstm.run(input, &weights, output, hidden, cell)
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        ensure!(
            spec.cell_clip.is_finite() && spec.cell_clip >= 0.0,
            "a cell clip must be finite, 0 or above"
        );
        let Float32Spec { batches, steps, in_c, units, time_major, reset, cell_clip } = spec;
        Ok(Self { shape: attempt!(Shape::new(batches, steps, in_c, units, time_major, reset)), cell_clip })
    }

    /// Weights `units × in_c` and `units × units`, biases `units` or empty; states `batches × units`. Input and output
    /// are `batches × steps × elements`, or with time first. Products are added in order, the bias after those of the
    /// input, then those of the hidden state.
    #[expect(clippy::too_many_arguments, reason = "the weights of four gates come apart")]
    #[inline(never)]
    pub fn run(
        &self,
        input: &[f32],
        input_to_input: &[f32],
        input_to_forget: &[f32],
        input_to_cell: &[f32],
        input_to_output: &[f32],
        recurrent_to_input: &[f32],
        recurrent_to_forget: &[f32],
        recurrent_to_cell: &[f32],
        recurrent_to_output: &[f32],
        input_bias: &[f32],
        forget_bias: &[f32],
        cell_bias: &[f32],
        output_bias: &[f32],
        output: &mut [f32],
        hidden: &mut [f32],
        cell: &mut [f32],
    ) -> Result<(), WrongLength> {
        let weights = Weights {
            input: [input_to_input, input_to_forget, input_to_cell, input_to_output],
            recurrent: [recurrent_to_input, recurrent_to_forget, recurrent_to_cell, recurrent_to_output],
            bias: [input_bias, forget_bias, cell_bias, output_bias],
        };
        self.shape.check_lengths(input, &weights, output, hidden, cell)?;
        if self.shape.reset {
            hidden.fill(0.0);
            cell.fill(0.0);
        }
        self.shape.walk(input, output, hidden, cell, |unit, x, h, c| {
            let gates = [0, 1, 2, 3].map(|gate| {
                let (w, r, bias) = weights.of(gate, unit, &self.shape);
                (dot(x, w) + bias.unwrap_or(0.0)) + dot(h, r)
            });
            let [i, f, g, o] = gates;
            *c = float::logistic(f) * *c + float::logistic(i) * float::tanh(g);
            if self.cell_clip > 0.0 {
                *c = float::clamp(*c, -self.cell_clip, self.cell_clip);
            }
            float::tanh(*c) * float::logistic(o)
        });
        Ok(())
    }
}

/// The sum of products, in order.
#[inline(always)]
fn dot(x: &[f32], w: &[f32]) -> f32 {
    x.iter().zip(w).fold(0.0, |sum, (x, w)| sum + x * w)
}

#[cfg(test)]
mod tests;
