//! What an operator without a fast path of its own gives: its result and the gradients of its operands.

use std::fmt::Debug;

use crate::activation::Clamp;
use crate::ops::Seen;

/// A compiled node. `n` examples lie one after the other in every slice, each of the shape that the graph gives; the
/// slice of an operand that is no activation is empty.
pub(crate) trait Rule: Debug + Send + Sync {
    /// Computes the whole result `y`.
    fn forward(&self, params: &[f32], x: &[&[f32]], y: &mut [f32], n: usize);

    /// Computes the whole gradient `dx` of operand `operand`.
    fn input_gradient(&self, seen: Seen<'_>, operand: usize, dx: &mut [f32], n: usize);

    /// Adds to the gradients of the parameters.
    fn add_parameter_gradients(&self, _seen: Seen<'_>, _dparams: &mut [f32], _n: usize) {}

    /// The activation fused into it.
    fn clamp(&self) -> Clamp {
        Clamp::NONE
    }
}

/// The slices of each example.
pub(crate) fn examples(values: &[f32], n: usize) -> impl Iterator<Item = &[f32]> {
    values.chunks_exact((values.len() / n.max(1)).max(1))
}

/// The same, to write to.
pub(crate) fn examples_mut(values: &mut [f32], n: usize) -> impl Iterator<Item = &mut [f32]> {
    let len = (values.len() / n.max(1)).max(1);
    values.chunks_exact_mut(len)
}
