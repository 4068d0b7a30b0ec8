//! ADD: `y = act(a + b)`, element by element; an extent of 1 stretches to the other operand's.
//!
//! Source: TensorFlow Lite Micro, `reference_integer_ops::AddFunc` and `BroadcastBinaryFunction6DSlow`.

use super::broadcast::Broadcast;
use crate::error::{activation_f32, attempt, ensure, length, multiplier, zero_point};
use crate::fixed::{Output, multiply_by_quantized_multiplier, requantize};
use crate::{InvalidSpec, WrongLength, float};

/// Everything about an int8 ADD that is known when it is compiled.
///
/// Both operands are shifted left by `left_shift` (20 in TFLite) and scaled to twice the larger input scale; the sum
/// is scaled to the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Extents of `a` with leading ones.
    pub a_shape: [usize; 6],
    /// Extents of `b` with leading ones.
    pub b_shape: [usize; 6],
    /// The int8 value of a real 0 in `a`.
    pub a_zero_point: i32,
    /// The int8 value of a real 0 in `b`.
    pub b_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Bits that both operands gain before they are scaled.
    pub left_shift: i32,
    /// Scale of `a` to the common scale, a Q0.31.
    pub a_multiplier: i32,
    /// Its exponent, at most 0.
    pub a_shift: i32,
    /// Scale of `b` to the common scale, a Q0.31.
    pub b_multiplier: i32,
    /// Its exponent, at most 0.
    pub b_shift: i32,
    /// Scale of the sum to the output, a Q0.31.
    pub output_multiplier: i32,
    /// Its exponent, at most 0.
    pub output_shift: i32,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Everything about a float ADD that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32Spec {
    /// Extents of `a` with leading ones.
    pub a_shape: [usize; 6],
    /// Extents of `b` with leading ones.
    pub b_shape: [usize; 6],
    /// Lowest output; `f32::MIN` for none.
    pub act_min: f32,
    /// Highest output; `f32::MAX` for none.
    pub act_max: f32,
}

/// Int8 ADD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    broadcast: Broadcast,
    left_shift: u32,
    a: Scale,
    b: Scale,
    output_multiplier: i32,
    output_shift: i32,
    output: Output,
}

/// Float ADD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32 {
    broadcast: Broadcast,
    act_min: f32,
    act_max: f32,
}

/// How an operand is brought to the common scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scale {
    zero_point: i32,
    multiplier: i32,
    shift: i32,
}

impl Scale {
    const fn new(zero: i32, scale_multiplier: i32, shift: i32) -> Result<Self, InvalidSpec> {
        attempt!(zero_point(zero));
        attempt!(multiplier(scale_multiplier, shift));
        ensure!(shift <= 0, "operands of ADD must not be shifted left by their scale");
        Ok(Self { zero_point: zero, multiplier: scale_multiplier, shift })
    }

    #[inline(always)]
    fn apply(&self, value: i8, left_shift: u32) -> i32 {
        let shifted = (i32::from(value) - self.zero_point).wrapping_shl(left_shift);
        multiply_by_quantized_multiplier(shifted, self.multiplier, self.shift)
    }
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(multiplier(spec.output_multiplier, spec.output_shift));
        ensure!(spec.output_shift <= 0, "the sum of ADD must not be shifted left by its scale");
        ensure!(0 <= spec.left_shift && spec.left_shift <= 22, "the left shift of ADD must be in 0..=22");
        Ok(Self {
            broadcast: attempt!(Broadcast::new(spec.a_shape, spec.b_shape)),
            left_shift: spec.left_shift as u32,
            a: attempt!(Scale::new(spec.a_zero_point, spec.a_multiplier, spec.a_shift)),
            b: attempt!(Scale::new(spec.b_zero_point, spec.b_multiplier, spec.b_shift)),
            output_multiplier: spec.output_multiplier,
            output_shift: spec.output_shift,
            output: attempt!(Output::new(spec.output_zero_point, spec.act_min, spec.act_max)),
        })
    }

    /// The output has the larger of the extents on each axis.
    #[inline(never)]
    pub fn run(&self, a: &[i8], b: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        length("a", a.len(), self.broadcast.a_len)?;
        length("b", b.len(), self.broadcast.b_len)?;
        length("output", output.len(), self.broadcast.out_len)?;
        self.broadcast.apply(a, b, output, |a, b| {
            let sum = self.a.apply(a, self.left_shift).wrapping_add(self.b.apply(b, self.left_shift));
            requantize(sum, self.output_multiplier, self.output_shift, self.output)
        });
        Ok(())
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(activation_f32(spec.act_min, spec.act_max));
        let broadcast = attempt!(Broadcast::new(spec.a_shape, spec.b_shape));
        Ok(Self { broadcast, act_min: spec.act_min, act_max: spec.act_max })
    }

    /// The output has the larger of the extents on each axis.
    #[inline(never)]
    pub fn run(&self, a: &[f32], b: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        length("a", a.len(), self.broadcast.a_len)?;
        length("b", b.len(), self.broadcast.b_len)?;
        length("output", output.len(), self.broadcast.out_len)?;
        self.broadcast.apply(a, b, output, |a, b| float::clamp(a + b, self.act_min, self.act_max));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
