//! ASSIGN_VARIABLE: a variable becomes what the operand holds.

use crate::error::{attempt, elements, length};
use crate::{InvalidSpec, WrongLength};

/// Everything about an ASSIGN_VARIABLE that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Bytes of its elements.
    pub len: usize,
}

/// ASSIGN_VARIABLE of any element type, moved as bytes.
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

    /// Value and variable `len`.
    #[inline(never)]
    pub fn run(&self, value: &[u8], variable: &mut [u8]) -> Result<(), WrongLength> {
        length("value", value.len(), self.spec.len)?;
        length("variable", variable.len(), self.spec.len)?;
        for (y, &x) in variable.iter_mut().zip(value) {
            *y = x;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operand_goes_into_the_state() {
        let kernel = Any::new(Spec { len: 2 }).unwrap();
        let mut state = [3, 4];
        assert_eq!(kernel.run(&[5, 6], &mut state), Ok(()));
        assert_eq!(state, [5, 6]);
        assert!(kernel.run(&[5], &mut state).is_err());
        assert!(Any::new(Spec { len: 0 }).is_err());
    }
}
