//! FULLY_CONNECTED: `y[b, o] = act(bias[o] + sum over i of w[o, i] * x[b, i])`.
//!
//! Source: TensorFlow Lite Micro, `reference_integer_ops::FullyConnected`, `FullyConnectedPerChannel` and
//! `reference_ops::FullyConnected`. Scaling rounds twice, unlike LiteRT's.

mod coded;
mod int16;
mod stored;
mod unrolled;

pub use coded::Coded;
pub use int16::{Int16, Int16Spec};
pub use stored::{Stored, StoredSpec};
pub use unrolled::{Sums, Unrolled};

use super::channels::Channels;
use super::dot::{Filter, Inputs, Layer, Scratch, gather, tail};
use super::packed::Packed;
use crate::error::{activation_f32, attempt, elements, length, optional_length, zero_point};
use crate::fixed::Output;
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength, float};

/// Everything about an int8 FULLY_CONNECTED that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Rows of the input and output.
    pub batches: usize,
    /// Elements of an input row.
    pub in_c: usize,
    /// Elements of an output row.
    pub out_c: usize,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the filter; 0 for filters with a scale per channel.
    pub filter_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Everything about a float FULLY_CONNECTED that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32Spec {
    /// Rows of the input and output.
    pub batches: usize,
    /// Elements of an input row.
    pub in_c: usize,
    /// Elements of an output row.
    pub out_c: usize,
    /// Lowest output; `f32::MIN` for none.
    pub act_min: f32,
    /// Highest output; `f32::MAX` for none.
    pub act_max: f32,
}

/// Int8 FULLY_CONNECTED with one scale per tensor or per output channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    shape: Shape,
    input_offset: i32,
    filter_offset: i32,
    output: Output,
}

/// Int8 FULLY_CONNECTED with 4-bit weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int4 {
    layer: Int8,
}

/// Float FULLY_CONNECTED.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32 {
    shape: Shape,
    act_min: f32,
    act_max: f32,
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(spec.input_zero_point));
        attempt!(zero_point(spec.filter_zero_point));
        Ok(Self {
            shape: attempt!(Shape::new(spec.batches, spec.in_c, spec.out_c)),
            input_offset: -spec.input_zero_point,
            filter_offset: -spec.filter_zero_point,
            output: attempt!(Output::new(spec.output_zero_point, spec.act_min, spec.act_max)),
        })
    }

    /// Filter OI, bias `out_c` or empty, multiplier and shift (`-31..=30`, left above 0) `out_c`, or 1 for all.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run(
        &self,
        input: &[i8],
        filter: &[i8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        self.compute(input, filter, (bias, multiplier, shift), output)
    }

    /// [`Int8::run`] with any kind of filter.
    #[inline(always)]
    fn compute(
        &self,
        input: &[i8],
        filter: impl Filter,
        (bias, multiplier, shift): (&[i32], &[i32], &[i8]),
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        let Shape { in_c, out_c, .. } = self.shape;
        filter.check(out_c * in_c)?;
        self.shape.check_lengths(input.len(), bias.len(), output.len())?;
        let channels = Channels::new(out_c, bias, multiplier, shift, self.output)?;
        let layer = Layer { len: in_c, filter, channels };
        let mut scratch = Scratch::new();
        for (input, output) in rows(input, in_c).zip(rows_mut(output, out_c)) {
            // What a filter zero point adds to every output of the row.
            let correction = if self.filter_offset == 0 {
                0
            } else {
                let sum =
                    input.iter().fold(0_i32, |sum, &x| sum.wrapping_add(i32::from(x) + self.input_offset));
                sum.wrapping_mul(self.filter_offset)
            };
            let inputs = RowInputs { input, input_offset: self.input_offset };
            layer.compute(0, correction, &mut scratch, output, &inputs);
        }
        Ok(())
    }
}

/// The inputs of a row.
struct RowInputs<'a> {
    input: &'a [i8],
    input_offset: i32,
}

impl Inputs for RowInputs<'_> {
    #[inline(always)]
    fn gather(&self, start: usize, stretch: &mut [i16]) {
        gather(tail(self.input, start), self.input_offset, stretch);
    }
}

impl Int4 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { layer: attempt!(Int8::new(spec)) })
    }

    /// As [`Int8::run`]; the filter has two weights in a byte, the low nibble first.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run(
        &self,
        input: &[i8],
        filter: &[u8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        self.layer.compute(input, Packed(filter), (bias, multiplier, shift), output)
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(activation_f32(spec.act_min, spec.act_max));
        let shape = attempt!(Shape::new(spec.batches, spec.in_c, spec.out_c));
        Ok(Self { shape, act_min: spec.act_min, act_max: spec.act_max })
    }

    /// Filter OI, bias `out_c` or empty. Products are added in order, the bias last.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run(
        &self,
        input: &[f32],
        filter: &[f32],
        bias: &[f32],
        output: &mut [f32],
    ) -> Result<(), WrongLength> {
        let Shape { in_c, out_c, .. } = self.shape;
        length("filter", filter.len(), out_c * in_c)?;
        self.shape.check_lengths(input.len(), bias.len(), output.len())?;
        for (input, output) in rows(input, in_c).zip(rows_mut(output, out_c)) {
            for (channel, (output, row)) in output.iter_mut().zip(rows(filter, in_c)).enumerate() {
                let sum = input.iter().zip(row).fold(0.0, |sum, (x, w)| sum + x * w);
                let sum = sum + bias.get(channel).copied().unwrap_or(0.0);
                *output = float::clamp(sum, self.act_min, self.act_max);
            }
        }
        Ok(())
    }
}

/// Extents of input, filter and output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    batches: usize,
    in_c: usize,
    out_c: usize,
}

impl Shape {
    const fn new(batches: usize, in_c: usize, out_c: usize) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[batches, in_c]));
        attempt!(elements(&[batches, out_c]));
        attempt!(elements(&[in_c, out_c]));
        Ok(Self { batches, in_c, out_c })
    }

    fn check_lengths(&self, input: usize, bias: usize, output: usize) -> Result<(), WrongLength> {
        length("input", input, self.batches * self.in_c)?;
        optional_length("bias", bias, self.out_c)?;
        length("output", output, self.batches * self.out_c)
    }
}

#[cfg(test)]
mod tests;
