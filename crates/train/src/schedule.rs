//! The learning rate as a function of how far the run is, so that it needs no state.

use crate::config::{Config, Schedule};

/// The learning rate of batch `batch` of `n_batches` in epoch `epoch`, both counted from 0.
pub(crate) fn learning_rate(config: &Config, epoch: u64, batch: usize, n_batches: usize) -> f32 {
    let at = epoch as f64 + batch as f64 / n_batches.max(1) as f64;
    let warm_up = f64::from(config.warm_up_epochs);
    let peak = f64::from(config.learning_rate);
    if at < warm_up {
        // Half a batch on, so that the first step is not nought.
        let half = 0.5 / n_batches.max(1) as f64;
        return (peak * ((at + half) / warm_up).min(1.0)) as f32;
    }
    let rate = match config.schedule {
        Schedule::Constant => peak,
        Schedule::Cosine => {
            let span = (config.epochs as f64 - warm_up).max(f64::MIN_POSITIVE);
            let done = ((at - warm_up) / span).clamp(0.0, 1.0);
            peak * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
        }
        Schedule::Step { every, factor } => {
            let steps = i32::try_from(epoch / every.max(1)).unwrap_or(i32::MAX);
            peak * f64::from(factor).powi(steps)
        }
    };
    rate as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(schedule: Schedule, warm_up_epochs: f32) -> Config {
        Config { epochs: 10, learning_rate: 1.0, schedule, warm_up_epochs, ..Config::default() }
    }

    #[test]
    fn warm_up_rises_to_the_peak_and_the_cosine_falls_to_nought() {
        let config = config(Schedule::Cosine, 2.0);
        let rates: Vec<f32> = (0..10).map(|epoch| learning_rate(&config, epoch, 0, 4)).collect();
        assert!(rates[0] > 0.0 && rates[0] < 0.1, "{rates:?}");
        assert_eq!(rates[2], 1.0);
        assert!((rates[6] - 0.5).abs() < 1e-6, "{rates:?}");
        assert!(rates.windows(2).skip(2).all(|pair| pair[1] < pair[0]), "{rates:?}");
        assert!(learning_rate(&config, 9, 3, 4) < 0.01);
        assert_eq!(learning_rate(&config, 25, 0, 4), 0.0, "past the last epoch");
    }

    #[test]
    fn steps_multiply_and_constant_stays() {
        let step = config(Schedule::Step { every: 3, factor: 0.5 }, 0.0);
        let rates: Vec<f32> = [0, 2, 3, 6, 9].map(|epoch| learning_rate(&step, epoch, 1, 2)).to_vec();
        assert_eq!(rates, [1.0, 1.0, 0.5, 0.25, 0.125]);
        assert_eq!(learning_rate(&config(Schedule::Constant, 0.0), 9, 1, 2), 1.0);
    }
}
