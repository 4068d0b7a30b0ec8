//! From scores to decisions in a stream: posterior smoothing, a threshold, and a pause after each detection.
//!
//! After Chen, Parada and Heigold, Small-footprint keyword spotting using deep neural networks, 2014, section 2.3: the
//! scores of the last inferences are averaged before they are compared with a threshold.

/// Averages the scores of the last `DEPTH` inferences of `CLASSES` classes.
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
        if let Some(oldest) = self.past.get_mut(self.n % DEPTH.max(1)) {
            *oldest = *scores;
        }
        self.n += 1;
        let n = self.n.min(DEPTH);
        let mut means = [0.0; CLASSES];
        for past in self.past.iter().take(n) {
            means.iter_mut().zip(past).for_each(|(mean, score)| *mean += score);
        }
        means.iter_mut().for_each(|mean| *mean /= n.max(1) as f32);
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
    threshold: f32,
    pause: u32,
    left: u32,
}

impl Debounce {
    /// `pause` counts inferences.
    pub const fn new(threshold: f32, pause: u32) -> Self {
        Debounce { threshold, pause, left: 0 }
    }

    /// The class that is detected now; classes that `is_quiet` names (silence, unknown) never are.
    pub fn next(&mut self, scores: &[f32], is_quiet: impl Fn(usize) -> bool) -> Option<usize> {
        if self.left > 0 {
            self.left -= 1;
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
        self.left = self.pause;
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
        let mut debounce = Debounce::new(0.6, 2);
        let mut next = |scores: &[f32]| debounce.next(scores, |class| class == 0);
        assert_eq!(next(&[0.9, 0.1]), None);
        assert_eq!(next(&[0.3, 0.5]), None);
        assert_eq!([next(&[0.1, 0.9]), next(&[0.1, 0.9]), next(&[0.1, 0.9])], [Some(1), None, None]);
        assert_eq!(next(&[0.1, 0.9]), Some(1));
    }
}
