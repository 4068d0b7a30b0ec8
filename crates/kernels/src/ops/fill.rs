//! FILL, ZEROS_LIKE: one value in every element.

use crate::error::{attempt, elements, length};
use crate::memory::Pod;
use crate::{InvalidSpec, WrongLength};

/// Everything about a FILL that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Elements of the output.
    pub len: usize,
}

/// FILL of elements of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    spec: Spec,
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        Ok(Self { spec })
    }

    /// `value` is one element.
    #[inline(never)]
    pub fn run<T: Pod>(&self, value: &[T], output: &mut [T]) -> Result<(), WrongLength> {
        length("output", output.len(), self.spec.len)?;
        let &[value] = value else { return length("value", value.len(), 1) };
        for output in output {
            *output = value;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_the_value() {
        let kernel = Any::new(Spec { len: 3 }).unwrap();
        let mut output = [0_u16; 3];
        assert_eq!(kernel.run(&[7], &mut output), Ok(()));
        assert_eq!(output, [7; 3]);
        let wrong = WrongLength { operand: "value", expected: 1, found: 2 };
        assert_eq!(kernel.run(&[0_u8; 2], &mut [0; 3]), Err(wrong));
        assert_eq!(
            kernel.run(&[0_u8], &mut [0; 2]),
            Err(WrongLength { operand: "output", expected: 3, found: 2 })
        );
        assert!(Any::new(Spec { len: 0 }).is_err());
    }
}
