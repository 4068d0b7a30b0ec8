//! SIGNAL_ENERGY: `y[k] = re[k]^2 + im[k]^2` for `k` in `start..end`, and 0 elsewhere.
//!
//! Source: TensorFlow Lite Micro, `SpectrumToEnergy`, which leaves the bins outside of the range as they were.

use crate::error::{attempt, elements, ensure, length};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int16 SIGNAL_ENERGY that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Bins of the spectrum.
    pub bins: usize,
    /// The first bin whose energy is wanted.
    pub start: usize,
    /// The first bin after those.
    pub end: usize,
}

/// Int16 SIGNAL_ENERGY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    spec: Int16Spec,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.bins, 2]));
        ensure!(
            spec.start <= spec.end && spec.end <= spec.bins,
            "the bins of SIGNAL_ENERGY must be an ordered range of the spectrum"
        );
        Ok(Self { spec })
    }

    /// Input `bins` complex numbers, real part first; output `bins`.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [u32]) -> Result<(), WrongLength> {
        let Int16Spec { bins, start, end } = self.spec;
        length("input", input.len(), 2 * bins)?;
        length("output", output.len(), bins)?;
        for (k, (energy, &[re, im])) in output.iter_mut().zip(input.as_chunks::<2>().0).enumerate() {
            let square = |x: i16| i32::from(x).pow(2) as u32;
            *energy = if start <= k && k < end { square(re) + square(im) } else { 0 };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_of_the_range_are_squared_and_the_rest_is_zero() {
        let kernel = Int16::new(Int16Spec { bins: 4, start: 1, end: 3 }).unwrap();
        let mut output = [9; 4];
        assert_eq!(kernel.run(&[1, 1, 3, -4, -32768, -32768, 5, 5], &mut output), Ok(()));
        assert_eq!(output, [0, 25, 1 << 31, 0]);
        assert!(Int16::new(Int16Spec { bins: 4, start: 1, end: 5 }).is_err());
        assert!(Int16::new(Int16Spec { bins: 4, start: 3, end: 2 }).is_err());
    }
}
