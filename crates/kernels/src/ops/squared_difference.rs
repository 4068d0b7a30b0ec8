//! SQUARED_DIFFERENCE: `y = (a - b)^2`, element by element; an extent of 1 stretches to the other operand's.
//!
//! Source: TensorFlow Lite Micro, `SquaredDifference` of `squared_difference.cc` (int8 with 7 bits to the left, int16
//! with none). Plain integers wrap.

pub use super::broadcast::Spec;
use super::broadcast::plain_kernel;
use super::rescaled::rescaled_kernel;

rescaled_kernel!("SQUARED_DIFFERENCE", Int8(Int8Spec), i8, 30, square);
rescaled_kernel!("SQUARED_DIFFERENCE", Int16(Int16Spec), i16, 30, square);
plain_kernel!("SQUARED_DIFFERENCE", Float32, f32, |a, b| (a - b) * (a - b));
plain_kernel!("SQUARED_DIFFERENCE", Int32, i32, square);

#[inline(always)]
fn square(a: i32, b: i32) -> i32 {
    let difference = a.wrapping_sub(b);
    difference.wrapping_mul(difference)
}
