//! SVDF: a dense layer whose weights are sums of `rank` products of a feature filter and a filter over time:
//! `y[u] = act(bias[u] + sum over the filters f of u, and over t, of time[f, t] * (feature[f] · x at step t))`.
//!
//! Source: TensorFlow Lite Micro, `EvalIntegerSvdfReference` and `EvalFloatSvdfReference`. The state holds the feature
//! products of the last steps, the newest last. The int8 kernel has no activation beyond the int8 range. Products saturate
//! before the zero point of an int8 state moves them, so that one past the range wraps, as in the source.

use super::dot::tail;
use crate::error::{
    activation_f32, attempt, elements, ensure, length, multiplier, optional_length, zero_point,
};
use crate::fixed::{Output, multiply_by_quantized_multiplier, requantize};
use crate::memory::Pod;
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength, float};

/// Everything about an int8 SVDF that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Rows of the input and output.
    pub batches: usize,
    /// Elements of an input row.
    pub in_c: usize,
    /// Elements of an output row.
    pub units: usize,
    /// Filters of each unit.
    pub rank: usize,
    /// Steps that a filter over time spans.
    pub memory: usize,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The value of a real 0 in the state; 0 for int16 states.
    pub state_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Scale of feature products to the state, a Q0.31.
    pub state_multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub state_shift: i32,
    /// Scale of the sums over time to the output, a Q0.31.
    pub output_multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub output_shift: i32,
}

/// Everything about a float SVDF that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32Spec {
    /// Rows of the input and output.
    pub batches: usize,
    /// Elements of an input row.
    pub in_c: usize,
    /// Elements of an output row.
    pub units: usize,
    /// Filters of each unit.
    pub rank: usize,
    /// Steps that a filter over time spans.
    pub memory: usize,
    /// Lowest output; `f32::MIN` for none.
    pub act_min: f32,
    /// Highest output; `f32::MAX` for none.
    pub act_max: f32,
}

/// Int8 SVDF; its filters over time and its state are int8 or int16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    shape: Shape,
    spec: Int8Spec,
    output: Output,
}

/// Float SVDF.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32 {
    shape: Shape,
    act_min: f32,
    act_max: f32,
}

/// Element types of a quantised state.
pub trait State: Pod + Into<i32> {
    /// The nearest value of the type.
    fn saturate(value: i32) -> Self;

    /// The value moved by a zero point; past the range of the type it wraps.
    fn moved(self, zero_point: i32) -> Self;
}

impl State for i8 {
    #[inline(always)]
    fn saturate(value: i32) -> Self {
        value.max(i8::MIN.into()).min(i8::MAX.into()) as i8
    }

    #[inline(always)]
    fn moved(self, zero_point: i32) -> Self {
        self.wrapping_add(zero_point as i8)
    }
}

impl State for i16 {
    #[inline(always)]
    fn saturate(value: i32) -> Self {
        value.max(i16::MIN.into()).min(i16::MAX.into()) as i16
    }

    #[inline(always)]
    fn moved(self, zero_point: i32) -> Self {
        self.wrapping_add(zero_point as i16)
    }
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(spec.input_zero_point));
        attempt!(zero_point(spec.state_zero_point));
        attempt!(multiplier(spec.state_multiplier, spec.state_shift));
        attempt!(multiplier(spec.output_multiplier, spec.output_shift));
        let output = attempt!(Output::new(spec.output_zero_point, -128, 127));
        let Int8Spec { batches, in_c, units, rank, memory, .. } = spec;
        Ok(Self { shape: attempt!(Shape::new(batches, in_c, units, rank, memory)), spec, output })
    }

    /// Feature `units * rank × in_c`, time `units * rank × memory`, bias `units` or empty, state
    /// `batches × units * rank × memory`.
    #[inline(never)]
    pub fn run<S: State>(
        &self,
        input: &[i8],
        feature: &[i8],
        time: &[S],
        bias: &[i32],
        output: &mut [i8],
        state: &mut [S],
    ) -> Result<(), WrongLength> {
        self.shape.check_lengths([
            input.len(),
            feature.len(),
            time.len(),
            bias.len(),
            output.len(),
            state.len(),
        ])?;
        let spec = &self.spec;
        self.shape.walk(input, feature, time, output, state, |unit, x, filters, states| {
            let mut sum = bias.get(unit).copied().unwrap_or(0);
            for ((feature, time), state) in filters.zip(states) {
                let product = x.iter().zip(feature).fold(0_i32, |sum, (&x, &w)| {
                    sum.wrapping_add((i32::from(x) - spec.input_zero_point) * i32::from(w))
                });
                let product =
                    multiply_by_quantized_multiplier(product, spec.state_multiplier, spec.state_shift);
                push(state, S::saturate(product).moved(spec.state_zero_point));
                sum = time.iter().zip(state).fold(sum, |sum, (&w, &mut s)| {
                    sum.wrapping_add(w.into().wrapping_mul(s.into() - spec.state_zero_point))
                });
            }
            requantize(sum, spec.output_multiplier, spec.output_shift, self.output)
        });
        Ok(())
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(activation_f32(spec.act_min, spec.act_max));
        let Float32Spec { batches, in_c, units, rank, memory, act_min, act_max } = spec;
        Ok(Self { shape: attempt!(Shape::new(batches, in_c, units, rank, memory)), act_min, act_max })
    }

    /// Feature `units * rank × in_c`, time `units * rank × memory`, bias `units` or empty, state
    /// `batches × units * rank × memory`. Products are added in order, filter by filter to the bias.
    #[inline(never)]
    pub fn run(
        &self,
        input: &[f32],
        feature: &[f32],
        time: &[f32],
        bias: &[f32],
        output: &mut [f32],
        state: &mut [f32],
    ) -> Result<(), WrongLength> {
        self.shape.check_lengths([
            input.len(),
            feature.len(),
            time.len(),
            bias.len(),
            output.len(),
            state.len(),
        ])?;
        self.shape.walk(input, feature, time, output, state, |unit, x, filters, states| {
            let mut sum = bias.get(unit).copied().unwrap_or(0.0);
            for ((feature, time), state) in filters.zip(states) {
                push(state, x.iter().zip(feature).fold(0.0, |sum, (x, w)| sum + x * w));
                sum += time.iter().zip(state).fold(0.0, |sum, (w, s)| sum + w * *s);
            }
            float::clamp(sum, self.act_min, self.act_max)
        });
        Ok(())
    }
}

/// Moves a filter's state one step on.
#[inline(always)]
fn push<T>(state: &mut [T], newest: T) {
    let mut next = newest;
    for value in state.iter_mut().rev() {
        core::mem::swap(value, &mut next);
    }
}

/// Extents of all operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    batches: usize,
    in_c: usize,
    units: usize,
    rank: usize,
    memory: usize,
}

impl Shape {
    const fn new(
        batches: usize,
        in_c: usize,
        units: usize,
        rank: usize,
        memory: usize,
    ) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[batches, in_c]));
        attempt!(elements(&[units, rank, in_c]));
        attempt!(elements(&[batches, units, rank, memory]));
        ensure!(memory <= 1 << 16, "an SVDF must span at most 65536 steps");
        Ok(Self { batches, in_c, units, rank, memory })
    }

    fn check_lengths(
        &self,
        [input, feature, time, bias, output, state]: [usize; 6],
    ) -> Result<(), WrongLength> {
        let filters = self.units * self.rank;
        length("input", input, self.batches * self.in_c)?;
        length("feature", feature, filters * self.in_c)?;
        length("time", time, filters * self.memory)?;
        optional_length("bias", bias, self.units)?;
        length("output", output, self.batches * self.units)?;
        length("state", state, self.batches * filters * self.memory)
    }

    /// Stores for every row and unit what `f` makes of unit, row, filters (feature and time) and their states.
    #[inline(always)]
    fn walk<'a, T: Copy + 'a, W: Copy + 'a, S: Copy>(
        &self,
        input: &[T],
        feature: &'a [T],
        time: &'a [W],
        output: &mut [T],
        state: &mut [S],
        f: impl Fn(
            usize,
            &[T],
            core::iter::Zip<crate::rows::Rows<'a, T>, crate::rows::Rows<'a, W>>,
            crate::rows::RowsMut<'_, S>,
        ) -> T,
    ) {
        let Shape { in_c, units, rank, memory, .. } = *self;
        let batches = rows(input, in_c).zip(rows_mut(output, units));
        for ((x, output), state) in batches.zip(rows_mut(state, units * rank * memory)) {
            let states = rows_mut(state, rank * memory);
            for ((unit, y), state) in output.iter_mut().enumerate().zip(states) {
                let (feature, time) = (tail(feature, unit * rank * in_c), tail(time, unit * rank * memory));
                *y = f(unit, x, rows(feature, in_c).zip(rows(time, memory)), rows_mut(state, memory));
            }
        }
    }
}

#[cfg(test)]
mod tests;
