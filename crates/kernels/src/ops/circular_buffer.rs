//! CIRCULAR_BUFFER: the latest slots of a stream, the oldest first.
//!
//! Source: TensorFlow Lite Micro, `circular_buffer.cc`, whose output tensor is its own state.

use super::signal_delay::shift_in;
use crate::error::{attempt, elements, length};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int8 CIRCULAR_BUFFER that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Slots of the buffer.
    pub slots: usize,
    /// Elements of a slot.
    pub depth: usize,
}

/// Int8 CIRCULAR_BUFFER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    spec: Int8Spec,
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.slots, spec.depth]));
        Ok(Self { spec })
    }

    /// Input `depth`, output and state `slots × depth`.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8], state: &mut [i8]) -> Result<(), WrongLength> {
        let Int8Spec { slots, depth } = self.spec;
        length("input", input.len(), depth)?;
        length("output", output.len(), slots * depth)?;
        length("state", state.len(), slots * depth)?;
        shift_in(state, input);
        for (y, &x) in output.iter_mut().zip(state.iter()) {
            *y = x;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_slots_push_out_the_oldest() {
        let kernel = Int8::new(Int8Spec { slots: 3, depth: 2 }).unwrap();
        let (mut output, mut state) = ([9; 6], [7, 7, 7, 7, 1, 2]);
        assert_eq!(kernel.run(&[3, 4], &mut output, &mut state), Ok(()));
        assert_eq!((output, state), ([7, 7, 1, 2, 3, 4], [7, 7, 1, 2, 3, 4]));
        assert!(Int8::new(Int8Spec { slots: 0, depth: 1 }).is_err());
    }
}
