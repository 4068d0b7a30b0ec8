//! GREATER: `y = a > b`, element by element; an extent of 1 stretches to the other operand's. An order with NaN never holds.
//!
//! Source: TensorFlow Lite Micro, `comparisons.cc`; see `comparison.rs` for quantised operands.

pub use super::broadcast::Spec;
pub use super::comparison::QuantizedSpec;
use super::comparison::comparison;

comparison!("GREATER", >);
