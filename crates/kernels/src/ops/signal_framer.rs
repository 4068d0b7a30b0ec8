//! SIGNAL_FRAMER: overlapping frames of a stream that comes in steps.
//!
//! A frame begins `frame_step` samples after the one before it. Without `prefill` there is none until enough samples
//! came; with it zeros stand before the first. Source: TensorFlow Lite Micro, `signal/micro/kernels/framer.cc`, whose
//! output keeps what it held where a frame is missing; here it is zeros.

use super::signal_delay::shift_in;
use crate::error::{attempt, elements, ensure, length};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

/// Everything about an int16 SIGNAL_FRAMER that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Streams, each framed by itself.
    pub rows: usize,
    /// Frames that one call makes of a stream.
    pub frames: usize,
    /// Samples of a frame.
    pub frame_size: usize,
    /// Samples from one frame to the next, at most `frame_size`.
    pub frame_step: usize,
    /// Whether zeros stand before the first sample.
    pub prefill: bool,
}

impl Int16Spec {
    /// Samples that are kept of a stream: a frame, and without `prefill` as much as makes whole steps of it.
    pub const fn window(&self) -> usize {
        if self.prefill {
            self.frame_size
        } else {
            self.frame_size.div_ceil(self.frame_step) * self.frame_step
        }
    }
}

/// Int16 SIGNAL_FRAMER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    spec: Int16Spec,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.rows, spec.frames, spec.frame_size, 2]));
        ensure!(
            1 <= spec.frame_step && spec.frame_step <= spec.frame_size,
            "the step of a framer must be at least 1 and at most its frame"
        );
        Ok(Self { spec })
    }

    /// Input `rows × (frames * frame_step)`, output `rows × frames × frame_size`, `valid` one flag: every frame was
    /// full. States, at first 0: `samples` of `rows ×` [`Int16Spec::window`] and `steps`, one count.
    #[inline(never)]
    pub fn run(
        &self,
        input: &[i16],
        output: &mut [i16],
        valid: &mut [u8],
        samples: &mut [i16],
        steps: &mut [i32],
    ) -> Result<(), WrongLength> {
        let Int16Spec { rows: n_rows, frames, frame_size, frame_step, prefill } = self.spec;
        length("input", input.len(), n_rows * frames * frame_step)?;
        length("output", output.len(), n_rows * frames * frame_size)?;
        length("valid", valid.len(), 1)?;
        length("samples", samples.len(), n_rows * self.spec.window())?;
        length("steps", steps.len(), 1)?;
        let full = if prefill { 0 } else { frame_size.div_ceil(frame_step) as i32 };
        let before = steps.first().map_or(0, |&steps| steps);
        let streams = rows(input, frames * frame_step).zip(rows_mut(output, frames * frame_size));
        for ((input, output), samples) in streams.zip(rows_mut(samples, self.spec.window())) {
            let steps = before.saturating_add(1)..;
            for ((input, output), steps) in
                rows(input, frame_step).zip(rows_mut(output, frame_size)).zip(steps)
            {
                shift_in(samples, input);
                for (y, &x) in output.iter_mut().zip(samples.iter()) {
                    *y = if steps >= full { x } else { 0 };
                }
            }
        }
        valid.fill((before.saturating_add(1) >= full).into());
        steps.fill(before.saturating_add(frames as i32).min(full));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of 1, 2, 3, … in calls of one step, and the flags.
    fn frames<const N: usize>(frame_step: usize, prefill: bool) -> [([i16; 5], u8); N] {
        let spec = Int16Spec { rows: 1, frames: 1, frame_size: 5, frame_step, prefill };
        let kernel = Int16::new(spec).unwrap();
        let (mut samples, mut steps) = ([0; 8], [0]);
        let mut next = 1..;
        [(); N].map(|()| {
            let mut input = [0; 5];
            input[..frame_step].fill_with(|| next.next().unwrap());
            let (mut output, mut valid) = ([9; 5], [9]);
            let window = &mut samples[..spec.window()];
            let result = kernel.run(&input[..frame_step], &mut output, &mut valid, window, &mut steps);
            assert_eq!(result, Ok(()));
            (output, valid[0])
        })
    }

    #[test]
    fn frames_wait_for_whole_steps() {
        let expected = [([0; 5], 0), ([0; 5], 0), ([1, 2, 3, 4, 5], 1), ([3, 4, 5, 6, 7], 1)];
        assert_eq!(frames(2, false), expected);
        assert_eq!(frames(5, false), [([1, 2, 3, 4, 5], 1), ([6, 7, 8, 9, 10], 1)]);
    }

    #[test]
    fn frames_begin_with_zeros() {
        let expected = [([0, 0, 0, 1, 2], 1), ([0, 1, 2, 3, 4], 1), ([2, 3, 4, 5, 6], 1)];
        assert_eq!(frames(2, true), expected);
    }

    #[test]
    fn streams_are_framed_by_themselves_and_many_frames_at_once() {
        let spec = Int16Spec { rows: 2, frames: 2, frame_size: 3, frame_step: 2, prefill: false };
        let kernel = Int16::new(spec).unwrap();
        let (mut samples, mut steps, mut valid, mut output) = ([0; 8], [0], [9], [9; 12]);
        let mut run = |input: [i16; 8]| {
            let result = kernel.run(&input, &mut output, &mut valid, &mut samples, &mut steps);
            assert_eq!(result, Ok(()));
            (output, valid[0])
        };
        let first = run([1, 2, 3, 4, -1, -2, -3, -4]);
        assert_eq!(first, ([0, 0, 0, 1, 2, 3, 0, 0, 0, -1, -2, -3], 0));
        let second = run([5, 6, 7, 8, -5, -6, -7, -8]);
        assert_eq!(second, ([3, 4, 5, 5, 6, 7, -3, -4, -5, -5, -6, -7], 1));
    }

    #[test]
    fn steps_beyond_the_frame_are_refused() {
        let spec = Int16Spec { rows: 1, frames: 1, frame_size: 2, frame_step: 3, prefill: false };
        assert!(Int16::new(spec).is_err());
        assert!(Int16::new(Int16Spec { frame_step: 0, ..spec }).is_err());
    }
}
