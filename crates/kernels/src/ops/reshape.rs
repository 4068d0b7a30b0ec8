//! RESHAPE, SQUEEZE, EXPAND_DIMS: the same elements in another shape, copied where input and output cannot be the same
//! bytes.

use crate::error::{attempt, elements, length};
use crate::memory::Pod;
use crate::{InvalidSpec, WrongLength};

/// Everything about a RESHAPE that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Elements.
    pub len: usize,
}

/// RESHAPE of elements of any type.
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

    /// Row-major input and output.
    #[inline(never)]
    pub fn run<T: Pod>(&self, input: &[T], output: &mut [T]) -> Result<(), WrongLength> {
        length("input", input.len(), self.spec.len)?;
        length("output", output.len(), self.spec.len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = input;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stay_in_order() {
        let kernel = Any::new(Spec { len: 3 }).unwrap();
        let mut output = [0_u8; 3];
        assert_eq!(kernel.run(&[1, 254, 3], &mut output), Ok(()));
        assert_eq!(output, [1, 254, 3]);
        let mut output = [0_u64; 3];
        assert_eq!(kernel.run(&[1 << 40, 2, 3], &mut output), Ok(()));
        assert_eq!(output, [1 << 40, 2, 3]);
    }

    #[test]
    fn lengths_are_checked() {
        assert!(Any::new(Spec { len: 0 }).is_err());
        let kernel = Any::new(Spec { len: 3 }).unwrap();
        let short = WrongLength { operand: "input", expected: 3, found: 2 };
        assert_eq!(kernel.run(&[0_u8; 2], &mut [0; 3]), Err(short));
        assert_eq!(kernel.run(&[0_u8; 3], &mut [0; 2]), Err(WrongLength { operand: "output", ..short }));
    }
}
