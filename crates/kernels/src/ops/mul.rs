//! MUL: `y = act(a * b)`, element by element; an extent of 1 stretches to the other operand's.
//!
//! Source: TensorFlow Lite Micro, `reference_integer_ops::MulElementwise`: the product of the operands relative to their
//! zero points, scaled once to the output. Plain integers wrap.

use super::rescaled::{Rescale, clamped_kernels, relative_kernel};

relative_kernel!("MUL", Int8(Int8Spec), i8, product);
relative_kernel!("MUL", Int16(Int16Spec), i16, product);
clamped_kernels!("MUL", |a, b| a * b, i32::wrapping_mul, i64::wrapping_mul);

#[inline(always)]
fn product(a: i32, b: i32, output: &Rescale) -> i32 {
    output.apply(a.wrapping_mul(b))
}
