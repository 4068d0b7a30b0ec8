//! From scores to decisions in a stream: posterior smoothing, a threshold, and a pause after each detection.
//!
//! After Chen, Parada and Heigold, Small-footprint keyword spotting using deep neural networks, 2014, section 2.3: the
//! scores of the last inferences are averaged before they are compared with a threshold.

/// Takes the scores of inference `n` (from 0) into `past`, which holds as many rows of them as are averaged, and writes
/// the mean of those that are there into `means`.
pub fn smooth(past: &mut [f32], n: usize, scores: &[f32], means: &mut [f32]) {
    let classes = scores.len().max(1);
    let depth = past.len() / classes;
    if let Some(oldest) = past.chunks_exact_mut(classes).nth(n % depth.max(1)) {
        oldest.copy_from_slice(scores);
    }
    let n_there = (n + 1).min(depth);
    means.fill(0.0);
    for past in past.chunks_exact(classes).take(n_there) {
        means.iter_mut().zip(past).for_each(|(mean, score)| *mean += score);
    }
    means.iter_mut().for_each(|mean| *mean /= n_there.max(1) as f32);
}

/// [`smooth`] of `CLASSES` classes over the last `DEPTH` inferences, with its memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smoother<const CLASSES: usize, const DEPTH: usize> {
    past: [[f32; CLASSES]; DEPTH],
    n: usize,
}

impl<const CLASSES: usize, const DEPTH: usize> Smoother<CLASSES, DEPTH> {
    /// Without a past.
    pub const fn new() -> Self {
        Smoother { past: [[0.0; CLASSES]; DEPTH], n: 0 }
    }

    /// Takes scores in and returns the mean of the last `DEPTH`, or of as many as there are.
    pub fn next(&mut self, scores: &[f32; CLASSES]) -> [f32; CLASSES] {
        let mut means = [0.0; CLASSES];
        smooth(self.past.as_flattened_mut(), self.n, scores, &mut means);
        self.n = self.n.wrapping_add(1);
        means
    }
}

impl<const CLASSES: usize, const DEPTH: usize> Default for Smoother<CLASSES, DEPTH> {
    fn default() -> Self {
        Smoother::new()
    }
}

/// Tells a detection once: the best class at or above a threshold, then nothing for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Debounce {
    /// Score from which a class is detected.
    pub threshold: f32,
    /// Inferences after a detection in which there is no other.
    pub pause: u32,
}

impl Debounce {
    /// The class that is detected now; classes that `is_quiet` names (silence, unknown) never are. `left` are the
    /// inferences of the pause that are still to come, 0 at first.
    pub fn next(&self, left: &mut u32, scores: &[f32], is_quiet: impl Fn(usize) -> bool) -> Option<usize> {
        if *left > 0 {
            *left -= 1;
            return None;
        }
        let (mut best, mut highest) = (0, f32::NEG_INFINITY);
        for (class, &score) in scores.iter().enumerate() {
            if score > highest {
                (best, highest) = (class, score);
            }
        }
        if highest < self.threshold || is_quiet(best) {
            return None;
        }
        *left = self.pause;
        Some(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_over_what_is_there() {
        let mut smoother = Smoother::<2, 2>::new();
        assert_eq!(smoother.next(&[1.0, 0.0]), [1.0, 0.0]);
        assert_eq!(smoother.next(&[0.0, 1.0]), [0.5, 0.5]);
        assert_eq!(smoother.next(&[0.0, 1.0]), [0.0, 1.0]);
    }

    #[test]
    fn a_word_is_told_once() {
        let (debounce, mut left) = (Debounce { threshold: 0.6, pause: 2 }, 0);
        let mut next = |scores: &[f32]| debounce.next(&mut left, scores, |class| class == 0);
        assert_eq!(next(&[0.9, 0.1]), None);
        assert_eq!(next(&[0.3, 0.5]), None);
        assert_eq!([next(&[0.1, 0.9]), next(&[0.1, 0.9]), next(&[0.1, 0.9])], [Some(1), None, None]);
        assert_eq!(next(&[0.1, 0.9]), Some(1));
    }
}
