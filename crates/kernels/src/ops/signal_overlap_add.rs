//! SIGNAL_OVERLAP_ADD: frames that overlap, added up to a stream.
//!
//! Source: TensorFlow Lite Micro, `OverlapAdd`; int16 sums saturate.

use crate::error::{attempt, elements, ensure, length};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

macro_rules! overlap_add {
    ($type:ty, $kind:ident, $spec:ident, $doc:literal, $add:expr, $zero:literal) => {
        #[doc = concat!("Everything about ", $doc, " SIGNAL_OVERLAP_ADD that is known when it is compiled.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $spec {
            /// Streams, each added up by itself.
            pub rows: usize,
            /// Frames that one call adds to a stream.
            pub frames: usize,
            /// Samples of a frame.
            pub frame_size: usize,
            /// Samples from one frame to the next, at most `frame_size`.
            pub frame_step: usize,
        }

        #[doc = concat!("The SIGNAL_OVERLAP_ADD of ", $doc, " frames.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $kind {
            spec: $spec,
        }

        impl $kind {
            /// Checks the specification.
            pub const fn new(spec: $spec) -> Result<Self, InvalidSpec> {
                attempt!(elements(&[spec.rows, spec.frames, spec.frame_size]));
                ensure!(
                    1 <= spec.frame_step && spec.frame_step <= spec.frame_size,
                    "the step of overlapping frames must be at least 1 and at most the frame"
                );
                Ok(Self { spec })
            }

            /// Input `rows × frames × frame_size`, output `rows × (frames * frame_step)`. The state, `rows ×
            /// frame_size`, holds the sums that later frames add to and is at first 0.
            #[inline(never)]
            pub fn run(
                &self,
                input: &[$type],
                output: &mut [$type],
                state: &mut [$type],
            ) -> Result<(), WrongLength> {
                let $spec { rows: n_rows, frames, frame_size, frame_step } = self.spec;
                length("input", input.len(), n_rows * frames * frame_size)?;
                length("output", output.len(), n_rows * frames * frame_step)?;
                length("state", state.len(), n_rows * frame_size)?;
                let streams = rows(input, frames * frame_size).zip(rows_mut(output, frames * frame_step));
                for ((input, output), sums) in streams.zip(rows_mut(state, frame_size)) {
                    for (input, output) in rows(input, frame_size).zip(rows_mut(output, frame_step)) {
                        for (sum, &x) in sums.iter_mut().zip(input) {
                            *sum = $add(*sum, x);
                        }
                        for (y, &sum) in output.iter_mut().zip(sums.iter()) {
                            *y = sum;
                        }
                        for at in 0..frame_size {
                            let moved = sums.get(at + frame_step).copied().unwrap_or($zero);
                            if let Some(sum) = sums.get_mut(at) {
                                *sum = moved;
                            }
                        }
                    }
                }
                Ok(())
            }
        }
    };
}

overlap_add!(i16, Int16, Int16Spec, "int16", i16::saturating_add, 0);
overlap_add!(f32, Float32, Float32Spec, "float", |sum: f32, x: f32| sum + x, 0.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_overlap_within_and_between_calls() {
        let spec = Float32Spec { rows: 2, frames: 2, frame_size: 3, frame_step: 2 };
        let kernel = Float32::new(spec).unwrap();
        let (mut output, mut state) = ([9.0; 8], [0.0; 6]);
        let input = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, -1.0, -2.0, -4.0, -8.0, -16.0, -32.0];
        assert_eq!(kernel.run(&input, &mut output, &mut state), Ok(()));
        assert_eq!(output, [1.0, 2.0, 12.0, 16.0, -1.0, -2.0, -12.0, -16.0]);
        assert_eq!(kernel.run(&input, &mut output, &mut state), Ok(()));
        assert_eq!(output, [33.0, 2.0, 12.0, 16.0, -33.0, -2.0, -12.0, -16.0]);
    }

    #[test]
    fn int16_sums_saturate() {
        let spec = Int16Spec { rows: 1, frames: 1, frame_size: 2, frame_step: 1 };
        let kernel = Int16::new(spec).unwrap();
        let (mut output, mut state) = ([9], [0; 2]);
        assert_eq!(kernel.run(&[5, 30_000], &mut output, &mut state), Ok(()));
        assert_eq!(kernel.run(&[30_000, 0], &mut output, &mut state), Ok(()));
        assert_eq!((output, state), ([32_767], [0, 0]));
        assert!(Int16::new(Int16Spec { frame_step: 3, ..spec }).is_err());
    }
}
