//! ADD: `y = act(a + b)`, element by element; an extent of 1 stretches to the other operand's.
//!
//! Source: TensorFlow Lite Micro, `reference_integer_ops::AddFunc` (int8, 20 bits to the left) and
//! `reference_ops::AddElementwise` (int16, 15 bits). TFLM ignores the option `pot_scale_int16` and always takes the
//! general int16 path. Plain integers wrap.

use super::rescaled::{clamped_kernels, rescaled_kernel};

rescaled_kernel!("ADD", Int8(Int8Spec), i8, 0, i32::wrapping_add);
rescaled_kernel!("ADD", Int16(Int16Spec), i16, 0, i32::wrapping_add);
clamped_kernels!("ADD", |a, b| a + b, i32::wrapping_add, i64::wrapping_add);

#[cfg(test)]
mod tests;
