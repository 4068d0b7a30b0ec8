//! RESHAPE: the same elements in another shape, copied where input and output cannot be the same bytes.

use crate::error::{attempt, elements, length};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int8 RESHAPE that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Elements.
    pub len: usize,
}

/// Everything about a float RESHAPE that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Elements.
    pub len: usize,
}

/// Int8 RESHAPE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    spec: Int8Spec,
}

/// Float RESHAPE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    spec: Float32Spec,
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        Ok(Self { spec })
    }

    /// Row-major input and output.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        copy(input, output, self.spec.len)
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        Ok(Self { spec })
    }

    /// Row-major input and output.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        copy(input, output, self.spec.len)
    }
}

#[inline(always)]
fn copy<T: Copy>(input: &[T], output: &mut [T], len: usize) -> Result<(), WrongLength> {
    length("input", input.len(), len)?;
    length("output", output.len(), len)?;
    for (output, &input) in output.iter_mut().zip(input) {
        *output = input;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stay_in_order() {
        let mut output = [0; 3];
        assert_eq!(Int8::new(Int8Spec { len: 3 }).unwrap().run(&[1, -2, 3], &mut output), Ok(()));
        assert_eq!(output, [1, -2, 3]);
        let mut output = [0.0; 2];
        assert_eq!(Float32::new(Float32Spec { len: 2 }).unwrap().run(&[1.5, -2.0], &mut output), Ok(()));
        assert_eq!(output, [1.5, -2.0]);
    }

    #[test]
    fn lengths_are_checked() {
        assert!(Int8::new(Int8Spec { len: 0 }).is_err());
        let kernel = Int8::new(Int8Spec { len: 3 }).unwrap();
        let short = WrongLength { operand: "input", expected: 3, found: 2 };
        assert_eq!(kernel.run(&[0; 2], &mut [0; 3]), Err(short));
        assert_eq!(kernel.run(&[0; 3], &mut [0; 2]), Err(WrongLength { operand: "output", ..short }));
    }
}
