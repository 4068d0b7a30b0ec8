//! Running normalisation: mean and deviation that follow the signal.

use smidgen_kernels::float;

/// Exponentially weighted mean and variance of a signal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Running {
    rate: f32,
    mean: f32,
    variance: f32,
    is_new: bool,
}

impl Running {
    /// `rate` is the share of a new value: 1 / n follows the last n values or so.
    pub const fn new(rate: f32) -> Self {
        Running { rate, mean: 0.0, variance: 0.0, is_new: true }
    }

    /// Takes `x` in and returns it less the mean, over the deviation; 0 while there is none (Finch, Incremental
    /// calculation of weighted mean and variance, 2009, equations 124 and 143).
    pub fn next(&mut self, x: f32) -> f32 {
        if self.is_new {
            (self.mean, self.is_new) = (x, false);
        }
        let off = x - self.mean;
        let step = self.rate * off;
        self.mean += step;
        self.variance = (1.0 - self.rate) * (self.variance + off * step);
        let deviation = float::sqrt(self.variance);
        if deviation > f32::MIN_POSITIVE { (x - self.mean) / deviation } else { 0.0 }
    }

    /// The mean so far.
    pub fn mean(&self) -> f32 {
        self.mean
    }

    /// The deviation so far.
    pub fn deviation(&self) -> f32 {
        float::sqrt(self.variance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_signal_is_centred_and_scaled() {
        let mut running = Running::new(0.01);
        assert_eq!(running.next(5.0), 0.0);
        let mut last = 0.0;
        for at in 0..4000 {
            last = running.next(if at % 2 == 0 { 3.0 } else { 7.0 });
        }
        assert!(
            (running.mean() - 5.0).abs() < 0.05 && (running.deviation() - 2.0).abs() < 0.05,
            "{running:?}"
        );
        assert!((last - 1.0).abs() < 0.05);
    }
}
