//! SIGNAL_WINDOW: `y[i] = x[i] * w[i] >> shift`, saturated, for every row of the window's length.
//!
//! Source: TensorFlow Lite Micro, `WindowEval` and `ApplyWindow`.

use crate::error::{attempt, elements, ensure, length};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int16 SIGNAL_WINDOW that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Rows that are weighted alike.
    pub rows: usize,
    /// Samples of a row.
    pub frame: usize,
    /// Fraction bits of the weights, in `0..=31`.
    pub shift: u32,
}

/// Int16 SIGNAL_WINDOW.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    spec: Int16Spec,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.rows, spec.frame]));
        ensure!(spec.shift <= 31, "the shift of a window must be in 0..=31");
        Ok(Self { spec })
    }

    /// Input and output `rows × frame`, weights `frame`.
    #[inline(never)]
    pub fn run(&self, input: &[i16], weights: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        let Int16Spec { rows: n_rows, frame, shift } = self.spec;
        length("input", input.len(), n_rows * frame)?;
        length("weights", weights.len(), frame)?;
        length("output", output.len(), n_rows * frame)?;
        for (input, output) in rows(input, frame).zip(rows_mut(output, frame)) {
            for ((y, &x), &weight) in output.iter_mut().zip(input).zip(weights) {
                let weighted = (i32::from(x) * i32::from(weight)).wrapping_shr(shift);
                *y = weighted.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_fractions_that_round_down_and_saturate() {
        let kernel = Int16::new(Int16Spec { rows: 2, frame: 3, shift: 12 }).unwrap();
        let mut output = [0; 6];
        let input = [4096, -1, 32767, -4096, -3, -32768];
        assert_eq!(kernel.run(&input, &[2048, 2048, 8192], &mut output), Ok(()));
        assert_eq!(output, [2048, -1, 32767, -2048, -2, -32768]);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Int16::new(Int16Spec { rows: 1, frame: 0, shift: 0 }).is_err());
        assert!(Int16::new(Int16Spec { rows: 1, frame: 1, shift: 32 }).is_err());
        let kernel = Int16::new(Int16Spec { rows: 1, frame: 2, shift: 0 }).unwrap();
        let short = WrongLength { operand: "weights", expected: 2, found: 1 };
        assert_eq!(kernel.run(&[0; 2], &[0], &mut [0; 2]), Err(short));
    }
}
