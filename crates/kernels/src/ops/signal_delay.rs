//! SIGNAL_DELAY: every row of samples as it was `delay` samples ago; zeros come first.
//!
//! Source: TensorFlow Lite Micro, `signal/micro/kernels/delay.cc`.

use crate::error::{attempt, elements, length};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int16 SIGNAL_DELAY that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Rows, each delayed by itself.
    pub rows: usize,
    /// Samples of a row.
    pub frame: usize,
    /// Samples that the output lags behind, at least 1.
    pub delay: usize,
}

/// Int16 SIGNAL_DELAY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    spec: Int16Spec,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.rows, spec.frame]));
        attempt!(elements(&[spec.rows, spec.delay]));
        Ok(Self { spec })
    }

    /// Input and output `rows × frame`; the state, `rows × delay`, holds the latest samples and is at first 0.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [i16], state: &mut [i16]) -> Result<(), WrongLength> {
        let Int16Spec { rows: n_rows, frame, delay } = self.spec;
        length("input", input.len(), n_rows * frame)?;
        length("output", output.len(), n_rows * frame)?;
        length("state", state.len(), n_rows * delay)?;
        for ((input, output), state) in
            rows(input, frame).zip(rows_mut(output, frame)).zip(rows_mut(state, delay))
        {
            for (y, &x) in output.iter_mut().zip(state.iter().chain(input)) {
                *y = x;
            }
            shift_in(state, input);
        }
        Ok(())
    }
}

/// Drops the oldest elements, which stand first, for as many new ones at the end.
#[inline(always)]
pub(crate) fn shift_in<T: Copy>(state: &mut [T], new: &[T]) {
    let kept = state.len().saturating_sub(new.len());
    let dropped = state.len() - kept;
    for at in 0..kept {
        let moved = state.get(at + dropped).copied();
        if let (Some(element), Some(moved)) = (state.get_mut(at), moved) {
            *element = moved;
        }
    }
    for (element, &new) in state.iter_mut().rev().zip(new.iter().rev()) {
        *element = new;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_later() {
        for delay in 1..8 {
            let kernel = Int16::new(Int16Spec { rows: 2, frame: 3, delay }).unwrap();
            let mut state = [0; 16];
            let state = &mut state[..2 * delay];
            for step in 0..6 {
                // Sample t of the first row is t + 1, that of the second -(t + 1).
                let sample = |t: i16| [t + 1, -(t + 1)];
                let mut input = [0; 6];
                let mut expected = [0; 6];
                for at in 0..3 {
                    let t = 3 * step + at as i16;
                    [input[at], input[3 + at]] = sample(t);
                    [expected[at], expected[3 + at]] = sample((t - delay as i16).max(-1));
                }
                let mut output = [9; 6];
                assert_eq!(kernel.run(&input, &mut output, state), Ok(()));
                assert_eq!(output, expected, "delay {delay}, step {step}");
            }
        }
    }

    #[test]
    fn new_elements_push_out_the_oldest() {
        let mut state = [1, 2, 3];
        shift_in(&mut state, &[4]);
        assert_eq!(state, [2, 3, 4]);
        shift_in(&mut state, &[5, 6, 7, 8]);
        assert_eq!(state, [6, 7, 8]);
    }
}
