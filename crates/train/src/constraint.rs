//! What a trained tensor is held to while it is trained: zeros that stay, values that are shared.

use std::fmt::Debug;

/// The values that a tensor may have.
pub trait Constraint: Debug + Send + Sync {
    /// Replaces the values, in the order of the tensor's elements, by the nearest that are allowed.
    fn project(&self, values: &mut [f32]);
}
