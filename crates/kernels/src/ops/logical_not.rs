//! LOGICAL_NOT: `y = !x` of truth values.
//!
//! Source: TensorFlow Lite Micro, `elementwise.cc`. A truth value is a byte; every byte but 0 is true.

use crate::error::{attempt, elements, length};
use crate::{InvalidSpec, WrongLength};

/// Everything about a LOGICAL_NOT that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Elements.
    pub len: usize,
}

/// LOGICAL_NOT of bytes that hold truth values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bool {
    spec: Spec,
}

impl Bool {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        Ok(Self { spec })
    }

    /// Any shape, row-major.
    #[inline(never)]
    pub fn run(&self, input: &[u8], output: &mut [u8]) -> Result<(), WrongLength> {
        length("input", input.len(), self.spec.len)?;
        length("output", output.len(), self.spec.len)?;
        output.iter_mut().zip(input).for_each(|(output, &input)| *output = u8::from(input == 0));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_turns_round() {
        let kernel = Bool::new(Spec { len: 3 }).unwrap();
        let mut output = [9; 3];
        assert_eq!(kernel.run(&[0, 1, 2], &mut output), Ok(()));
        assert_eq!(output, [1, 0, 0]);
        assert!(kernel.run(&[0; 3], &mut [0; 2]).is_err());
        assert!(Bool::new(Spec { len: 0 }).is_err());
    }
}
