//! READ_VARIABLE: what a state holds.

use crate::error::{attempt, elements, length};
use crate::memory::Pod;
use crate::{InvalidSpec, WrongLength};

/// Everything about a READ_VARIABLE that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Elements.
    pub len: usize,
}

/// READ_VARIABLE of any element type.
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

    /// Output and state `len`.
    #[inline(never)]
    pub fn run<T: Pod>(&self, output: &mut [T], state: &mut [T]) -> Result<(), WrongLength> {
        length("output", output.len(), self.spec.len)?;
        length("state", state.len(), self.spec.len)?;
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
    fn the_state_comes_out_and_stays() {
        let kernel = Any::new(Spec { len: 2 }).unwrap();
        let (mut output, mut state) = ([0_u16; 2], [3, 4]);
        assert_eq!(kernel.run(&mut output, &mut state), Ok(()));
        assert_eq!((output, state), ([3, 4], [3, 4]));
        assert!(kernel.run(&mut output, &mut state[..1]).is_err());
        assert!(Any::new(Spec { len: 0 }).is_err());
    }
}
