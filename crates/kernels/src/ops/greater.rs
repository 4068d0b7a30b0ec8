//! GREATER: `y = a > b`, element by element; an extent of 1 stretches to the other operand's. An order with NaN never holds.
//!
//! Source: TensorFlow Lite Micro, `comparisons.cc`; see `comparison.rs` for quantised operands. Of the comparisons only
//! this one takes int16 there. Builds of TFLM whose Prepare function knows int8 only answer 0 for all int16.

pub use super::broadcast::Spec;
pub use super::comparison::QuantizedSpec;
use super::comparison::comparison;

comparison!("GREATER", >);
comparison!("GREATER", >, Int16, i16);
