//! DIV: `y = act(a / b)`, element by element; an extent of 1 stretches to the other operand's.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::DivElementwise`. An int8 quotient is the dividend, shifted to the left end
//! of its word, times the reciprocal, times the output's scale, shifted back. TFLM shifts back by more than 31 bits when
//! the quotient is far below a step of the output, which its language leaves open; what its build for x86-64 does then,
//! including results far from the quotient, is the definition here. A number over 0 has the bound of its sign, 0 over 0
//! is 0. Plain integers round towards 0 and wrap; over 0 they are 0.

use super::rescaled::{Rescale, bounded, clamped_kernel, ordered_i32, relative_kernel};
use crate::error::activation_f32;
use crate::fixed::saturating_rounding_doubling_high_mul;
use crate::gemmlowp::reciprocal;

relative_kernel!("DIV", Int8(Int8Spec), i8, quotient);
clamped_kernel!("DIV", Float32(Float32Spec), f32, activation_f32, crate::float::clamp, |a, b| a / b);
clamped_kernel!("DIV", Int32(Int32Spec), i32, ordered_i32, bounded, quotient_i32);

#[inline(always)]
fn quotient(a: i32, b: i32, output: &Rescale) -> i32 {
    if b == 0 {
        return output.clamp(a.signum() << 16);
    }
    // A reciprocal is positive.
    let (a, b) = if b < 0 { (-a, -b) } else { (a, b) };
    let (inverse, inverse_shift) = reciprocal(b, 31);
    let headroom = (a ^ (a >> 31)).leading_zeros() as i32 - 1;
    let unscaled = saturating_rounding_doubling_high_mul(a.wrapping_shl(headroom as u32), inverse);
    let scaled = saturating_rounding_doubling_high_mul(unscaled, output.multiplier);
    output.clamp(divide_by_any_pot(scaled, inverse_shift + headroom - output.shift))
}

/// gemmlowp's `RoundingDivideByPOT` with exponents outside of `0..=31` as x86-64 computes them: shifts of 32-bit numbers
/// look at five bits of the exponent, the 64-bit shift that makes the mask at six.
#[inline(always)]
fn divide_by_any_pot(x: i32, exponent: i32) -> i32 {
    let exponent = exponent as u32;
    let mask = 1_i64.wrapping_shl(exponent).wrapping_sub(1) as i32;
    let threshold = (mask >> 1) + i32::from(x < 0);
    x.wrapping_shr(exponent).wrapping_add(i32::from(x & mask > threshold))
}

#[inline(always)]
fn quotient_i32(a: i32, b: i32) -> i32 {
    if b == 0 { 0 } else { a.wrapping_div(b) }
}

#[cfg(test)]
mod tests;
