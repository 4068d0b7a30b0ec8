//! SIGNAL_STACKER: a frame with its neighbours in time, every `stacker_step` frames.
//!
//! The first frame stands in for the `left_context` before it; there is no output until `right_context` frames followed.
//! Source: TensorFlow Lite Micro, `signal/micro/kernels/stacker.cc`, whose output keeps what it held when there is none;
//! here it is zeros.

use super::signal_delay::shift_in;
use crate::error::{attempt, elements, ensure, length};
use crate::rows::rows_mut;
use crate::{InvalidSpec, WrongLength};

/// Everything about an int16 SIGNAL_STACKER that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Elements of a frame.
    pub channels: usize,
    /// Frames before the one in question.
    pub left_context: usize,
    /// Frames after it.
    pub right_context: usize,
    /// Frames from one output to the next, at most all that are stacked.
    pub step: usize,
}

/// Int16 SIGNAL_STACKER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    spec: Int16Spec,
    frames: usize,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        const FEW: usize = 1 << 30;
        ensure!(spec.left_context < FEW && spec.right_context < FEW, "a stacker must have fewer frames");
        let frames = spec.left_context + spec.right_context + 1;
        attempt!(elements(&[spec.channels, frames]));
        ensure!(
            1 <= spec.step && spec.step <= frames,
            "the step of a stacker must be at least 1 and at most the frames that it stacks"
        );
        Ok(Self { spec, frames })
    }

    /// Input `channels`, output `frames × channels` with `frames = left_context + 1 + right_context`, `valid` one flag:
    /// there is an output. States, at first 0: `stack`, like the output, and `filled`, one count.
    #[inline(never)]
    pub fn run(
        &self,
        input: &[i16],
        output: &mut [i16],
        valid: &mut [u8],
        stack: &mut [i16],
        filled: &mut [i32],
    ) -> Result<(), WrongLength> {
        let channels = self.spec.channels;
        length("input", input.len(), channels)?;
        length("output", output.len(), channels * self.frames)?;
        length("valid", valid.len(), 1)?;
        length("stack", stack.len(), channels * self.frames)?;
        length("filled", filled.len(), 1)?;
        // 0 until the first frame came, then one more than the frames that wait.
        let waiting = match filled.first() {
            Some(&filled) if filled > 0 => {
                shift_in(stack, input);
                filled
            }
            _ => {
                for frame in rows_mut(stack, channels) {
                    shift_in(frame, input);
                }
                self.spec.left_context as i32 + 1
            }
        };
        let full = waiting >= self.frames as i32;
        for (y, &x) in output.iter_mut().zip(stack.iter()) {
            *y = if full { x } else { 0 };
        }
        valid.fill(full.into());
        filled.fill(if full { waiting - self.spec.step as i32 } else { waiting } + 1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_stacked_with_their_neighbours() {
        let spec = Int16Spec { channels: 2, left_context: 1, right_context: 1, step: 2 };
        let kernel = Int16::new(spec).unwrap();
        let (mut stack, mut filled) = ([0; 6], [0]);
        let outputs = [1, 2, 3, 4, 5].map(|x| {
            let (mut output, mut valid) = ([9; 6], [9]);
            let result = kernel.run(&[x, -x], &mut output, &mut valid, &mut stack, &mut filled);
            assert_eq!(result, Ok(()));
            (output, valid[0])
        });
        let nothing = ([0; 6], 0);
        let expected = [nothing, ([1, -1, 1, -1, 2, -2], 1), nothing, ([2, -2, 3, -3, 4, -4], 1), nothing];
        assert_eq!(outputs, expected);
    }

    #[test]
    fn a_step_of_the_whole_stack_does_not_begin_again() {
        let spec = Int16Spec { channels: 1, left_context: 1, right_context: 0, step: 2 };
        let kernel = Int16::new(spec).unwrap();
        let (mut stack, mut filled) = ([0; 2], [0]);
        let outputs = [1, 2, 3].map(|x| {
            let (mut output, mut valid) = ([9; 2], [9]);
            assert_eq!(kernel.run(&[x], &mut output, &mut valid, &mut stack, &mut filled), Ok(()));
            (output, valid[0])
        });
        assert_eq!(outputs, [([1, 1], 1), ([0, 0], 0), ([2, 3], 1)]);
        assert!(Int16::new(Int16Spec { step: 3, ..spec }).is_err());
        assert!(Int16::new(Int16Spec { left_context: usize::MAX, ..spec }).is_err());
    }
}
