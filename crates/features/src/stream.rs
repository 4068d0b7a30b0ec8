//! A stream in overlapping frames: samples into frames, and rows of features into windows.

use crate::{InvalidSpec, ensure};

/// Frames of a stream, whose last values stand in the caller's memory: the first is complete when `frame` values have
/// come, then one every `hop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framer {
    frame: usize,
    hop: usize,
}

/// How far a frame is. It begins as zeros, so that a static of it takes no flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filled {
    /// Values of the next frame that are there.
    there: usize,
    /// Values that come before the next frame begins.
    skip: usize,
}

impl Filled {
    /// Nothing so far.
    pub const fn new() -> Self {
        Filled { there: 0, skip: 0 }
    }
}

impl Framer {
    /// Frames of `frame` values, one every `hop`.
    ///
    /// # Errors
    /// [`InvalidSpec`] when either is 0.
    pub const fn new(frame: usize, hop: usize) -> Result<Self, InvalidSpec> {
        ensure!(frame > 0 && hop > 0, "a frame and its hop must have a value");
        Ok(Framer { frame, hop })
    }

    /// Takes values into `frame`, which the caller keeps between calls, until it is complete or they are used up.
    /// Returns those that are left, and whether the frame is complete; it is to be used before the next call.
    pub fn fill<'v, T: Copy>(
        &self,
        filled: &mut Filled,
        frame: &mut [T],
        values: &'v [T],
    ) -> (&'v [T], bool) {
        let length = self.frame.min(frame.len());
        if filled.there == length {
            let kept = length.saturating_sub(self.hop);
            frame.copy_within(length - kept..length, 0);
            *filled = Filled { there: kept, skip: self.hop.saturating_sub(length) };
        }
        let (skipped, values) = values.split_at(filled.skip.min(values.len()));
        filled.skip -= skipped.len();
        let n = values.len().min(length.saturating_sub(filled.there));
        let (taken, rest) = values.split_at(n);
        if let Some(place) = frame.get_mut(filled.there..filled.there + n) {
            place.copy_from_slice(taken);
        }
        filled.there += n;
        (rest, filled.there == length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn frames(frame: usize, hop: usize, n: u8, chunk: usize) -> Vec<Vec<u8>> {
        let framer = Framer::new(frame, hop).unwrap();
        let (mut filled, mut memory) = (Filled::new(), std::vec![0; frame]);
        let stream: Vec<u8> = (0..n).collect();
        let mut found = Vec::new();
        for mut values in stream.chunks(chunk) {
            loop {
                let (rest, complete) = framer.fill(&mut filled, &mut memory, values);
                if complete {
                    found.push(memory.clone());
                }
                values = rest;
                if values.is_empty() {
                    break;
                }
            }
        }
        found
    }

    #[test]
    fn frames_are_windows_whatever_comes_at_once() {
        for (frame, hop) in [(4, 2), (4, 4), (3, 1), (2, 5)] {
            let stream: Vec<u8> = (0..23).collect();
            let expected: Vec<Vec<u8>> = stream.windows(frame).step_by(hop).map(<[u8]>::to_vec).collect();
            for chunk in [1, 2, 3, 7, 23] {
                assert_eq!(frames(frame, hop, 23, chunk), expected, "{frame} {hop} {chunk}");
            }
        }
        assert!(Framer::new(0, 1).is_err() && Framer::new(1, 0).is_err());
    }
}
