//! MINIMUM: `y = min(a, b)`, element by element; an extent of 1 stretches to the other operand's.
//!
//! Source: TensorFlow Lite Micro, `MinimumOp` of `maximum_minimum.cc`. Quantised operands share scale and zero point, so
//! that their integers compare like the real numbers.

use super::broadcast::Broadcast;
pub use super::broadcast::Spec;
use crate::error::attempt;
use crate::memory::Pod;
use crate::{InvalidSpec, WrongLength};

/// MINIMUM of numbers of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    broadcast: Broadcast,
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { broadcast: attempt!(Broadcast::new(spec.a_shape, spec.b_shape)) })
    }

    /// The output has the larger of the extents on each axis. Where `a` is not smaller, or NaN is among them, `b` is
    /// taken.
    #[inline(never)]
    pub fn run<T: Pod + PartialOrd>(&self, a: &[T], b: &[T], output: &mut [T]) -> Result<(), WrongLength> {
        self.broadcast.check(a.len(), b.len(), output.len())?;
        self.broadcast.apply(a, b, output, |a, b| if a < b { a } else { b });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_stretches_by_hand() {
        let kernel = Any::new(Spec { a_shape: [1, 1, 1, 1, 2, 2], b_shape: [1; 6] }).unwrap();
        let mut output = [0; 4];
        assert_eq!(kernel.run::<i16>(&[3, -1, 5, 2], &[2], &mut output), Ok(()));
        assert_eq!(output, [2, -1, 2, 2]);
        let mut output = [0.0; 4];
        assert_eq!(kernel.run(&[3.0, -1.0, f32::NAN, 2.0], &[2.0], &mut output), Ok(()));
        assert_eq!(output, [2.0, -1.0, 2.0, 2.0]);
        assert!(kernel.run(&[0_i64; 4], &[0; 2], &mut [0; 4]).is_err());
    }
}
