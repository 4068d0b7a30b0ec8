//! Digital filters: second-order sections, finite impulse responses, decimation.

use crate::{InvalidSpec, WrongLength, ensure, length};

/// A second-order section, normalised to a₀ = 1: y = b₀ x + b₁ x₋₁ + b₂ x₋₂ − a₁ y₋₁ − a₂ y₋₂.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Section {
    /// b₀, b₁, b₂.
    pub b: [f32; 3],
    /// a₁, a₂.
    pub a: [f32; 2],
}

/// A section with its state (transposed direct form II).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Biquad {
    section: Section,
    state: [f32; 2],
}

impl Biquad {
    /// At rest.
    pub const fn new(section: Section) -> Self {
        Biquad { section, state: [0.0; 2] }
    }

    /// The next output.
    pub fn next(&mut self, x: f32) -> f32 {
        let ([b0, b1, b2], [a1, a2]) = (self.section.b, self.section.a);
        let [s1, s2] = self.state;
        let y = b0 * x + s1;
        self.state = [b1 * x - a1 * y + s2, b2 * x - a2 * y];
        y
    }
}

/// A finite impulse response over the last samples, with every `factor`-th output: a filter and a decimator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fir<'t> {
    taps: &'t [f32],
    factor: usize,
}

/// What a [`Fir`] keeps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FirState<const TAPS: usize> {
    past: [f32; TAPS],
    at: usize,
    phase: usize,
}

impl<const TAPS: usize> FirState<TAPS> {
    /// At rest.
    pub const fn new() -> Self {
        FirState { past: [0.0; TAPS], at: 0, phase: 0 }
    }
}

impl<const TAPS: usize> Default for FirState<TAPS> {
    fn default() -> Self {
        FirState::new()
    }
}

impl<'t> Fir<'t> {
    /// Checks that there are taps and a factor.
    ///
    /// # Errors
    /// [`InvalidSpec`] without taps or with a factor of 0.
    pub const fn new(taps: &'t [f32], factor: usize) -> Result<Self, InvalidSpec> {
        ensure!(!taps.is_empty(), "a filter must have a tap");
        ensure!(factor > 0, "a decimation must have a factor of at least 1");
        Ok(Fir { taps, factor })
    }

    /// The output that sample `x` completes: Σ tapₖ x₋ₖ, with each `factor`-th sample, the first among them.
    ///
    /// # Errors
    /// [`WrongLength`] of a state with another number of taps.
    pub fn next<const TAPS: usize>(
        &self,
        x: f32,
        state: &mut FirState<TAPS>,
    ) -> Result<Option<f32>, WrongLength> {
        length("state", TAPS, self.taps.len())?;
        if let Some(place) = state.past.get_mut(state.at) {
            *place = x;
        }
        let newest = state.at;
        state.at = (state.at + 1) % TAPS.max(1);
        let phase = state.phase;
        state.phase = (phase + 1) % self.factor;
        if phase != 0 {
            return Ok(None);
        }
        let past = |k: usize| state.past.get((newest + TAPS - k) % TAPS.max(1)).copied().unwrap_or(0.0);
        let taps = self.taps.iter().enumerate();
        Ok(Some(taps.fold(0.0, |sum, (k, tap)| sum + tap * past(k))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn a_section_is_its_difference_equation() {
        let section = Section { b: [0.5, 0.25, -0.125], a: [-0.5, 0.25] };
        let mut filter = Biquad::new(section);
        let x = [1.0, -2.0, 3.0, 0.5, 0.0, 0.0];
        let y: Vec<f32> = x.iter().map(|&x| filter.next(x)).collect();
        let at = |values: &[f32], k: usize, back: usize| k.checked_sub(back).map_or(0.0, |k| values[k]);
        for k in 0..x.len() {
            let expected = 0.5 * x[k] + 0.25 * at(&x, k, 1) - 0.125 * at(&x, k, 2) + 0.5 * at(&y, k, 1)
                - 0.25 * at(&y, k, 2);
            assert!((y[k] - expected).abs() < 1e-6, "{k}");
        }
    }

    #[test]
    fn a_decimator_keeps_every_second_output() {
        let (all, half) = (Fir::new(&[1.0, 2.0, 3.0], 1).unwrap(), Fir::new(&[1.0, 2.0, 3.0], 2).unwrap());
        let (mut a, mut b) = (FirState::<3>::new(), FirState::<3>::new());
        let x = [1.0, 0.0, 2.0, 0.0, 0.0];
        let every: Vec<f32> = x.iter().filter_map(|&x| all.next(x, &mut a).unwrap()).collect();
        assert_eq!(every, [1.0, 2.0, 5.0, 4.0, 6.0]);
        let second: Vec<f32> = x.iter().filter_map(|&x| half.next(x, &mut b).unwrap()).collect();
        assert_eq!(second, [1.0, 5.0, 6.0]);
        assert!(all.next(0.0, &mut FirState::<2>::new()).is_err() && Fir::new(&[], 1).is_err());
    }
}
