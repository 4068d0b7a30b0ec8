//! READ_VARIABLE: a copy of what a variable holds.

use crate::error::{attempt, elements, length};
use crate::{InvalidSpec, WrongLength};

/// Everything about a READ_VARIABLE that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Bytes of its elements.
    pub len: usize,
}

/// READ_VARIABLE of any element type, moved as bytes.
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

    /// Variable and output `len`.
    #[inline(never)]
    pub fn run(&self, variable: &[u8], output: &mut [u8]) -> Result<(), WrongLength> {
        length("variable", variable.len(), self.spec.len)?;
        length("output", output.len(), self.spec.len)?;
        for (y, &x) in output.iter_mut().zip(variable) {
            *y = x;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_copied() {
        let kernel = Any::new(Spec { len: 2 }).unwrap();
        let mut output = [0; 2];
        assert_eq!(kernel.run(&[3, 4], &mut output), Ok(()));
        assert_eq!(output, [3, 4]);
        assert!(kernel.run(&[3], &mut output).is_err());
        assert!(Any::new(Spec { len: 0 }).is_err());
    }
}
