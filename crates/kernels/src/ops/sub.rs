//! SUB: `y = act(a - b)`, element by element; an extent of 1 stretches to the other operand's.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::SubElementwise` (int8 with 20 bits to the left, int16 with 15). Plain
//! integers wrap.

use super::rescaled::{clamped_kernels, rescaled_kernel};

rescaled_kernel!("SUB", Int8(Int8Spec), i8, 0, i32::wrapping_sub);
rescaled_kernel!("SUB", Int16(Int16Spec), i16, 0, i32::wrapping_sub);
clamped_kernels!("SUB", |a, b| a - b, i32::wrapping_sub, i64::wrapping_sub);
