//! The learning rate as a function of how far the run is, so that it needs no state.

use crate::config::{Config, Schedule};
use crate::trainer::EpochStats;

/// The learning rate of batch `batch` of `n_batches` in epoch `epoch`, both counted from 0, after epochs with this history.
pub(crate) fn learning_rate(
    config: &Config,
    history: &[EpochStats],
    epoch: u64,
    (batch, n_batches): (usize, usize),
) -> f32 {
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
        Schedule::Plateau { patience, factor } => {
            peak * f64::from(factor).powi(plateaus(history, patience.max(1)))
        }
    };
    rate as f32
}

/// How often the validation loss has not gone down for `patience` epochs.
fn plateaus(history: &[EpochStats], patience: u64) -> i32 {
    let (mut lowest, mut waited, mut found) = (f64::INFINITY, 0, 0);
    for loss in history.iter().filter_map(|epoch| epoch.validation).map(|validation| validation.loss) {
        waited = if loss < lowest { 0 } else { waited + 1 };
        lowest = lowest.min(loss);
        if waited == patience {
            (waited, found) = (0, found + 1);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trainer::Stats;

    fn config(schedule: Schedule, warm_up_epochs: f32) -> Config {
        Config { epochs: 10, learning_rate: 1.0, schedule, warm_up_epochs, ..Config::default() }
    }

    #[test]
    fn warm_up_rises_to_the_peak_and_the_cosine_falls_to_nought() {
        let config = config(Schedule::Cosine, 2.0);
        let rates: Vec<f32> = (0..10).map(|epoch| learning_rate(&config, &[], epoch, (0, 4))).collect();
        assert!(rates[0] > 0.0 && rates[0] < 0.1, "{rates:?}");
        assert_eq!(rates[2], 1.0);
        assert!((rates[6] - 0.5).abs() < 1e-6, "{rates:?}");
        assert!(rates.windows(2).skip(2).all(|pair| pair[1] < pair[0]), "{rates:?}");
        assert!(learning_rate(&config, &[], 9, (3, 4)) < 0.01);
        assert_eq!(learning_rate(&config, &[], 25, (0, 4)), 0.0, "past the last epoch");
    }

    #[test]
    fn steps_multiply_and_constant_stays() {
        let step = config(Schedule::Step { every: 3, factor: 0.5 }, 0.0);
        let rates: Vec<f32> = [0, 2, 3, 6, 9].map(|epoch| learning_rate(&step, &[], epoch, (1, 2))).to_vec();
        assert_eq!(rates, [1.0, 1.0, 0.5, 0.25, 0.125]);
        assert_eq!(learning_rate(&config(Schedule::Constant, 0.0), &[], 9, (1, 2)), 1.0);
    }

    #[test]
    fn plateaus_multiply() {
        let config = config(Schedule::Plateau { patience: 2, factor: 0.5 }, 0.0);
        let history = |losses: &[f64]| {
            let epoch = |(at, &loss): (usize, &f64)| {
                let stats = Stats { loss, accuracy: 0.0 };
                EpochStats { epoch: at as u64 + 1, learning_rate: 1.0, train: stats, validation: Some(stats) }
            };
            losses.iter().enumerate().map(epoch).collect::<Vec<_>>()
        };
        let rate = |losses: &[f64]| learning_rate(&config, &history(losses), losses.len() as u64, (0, 1));
        assert_eq!(rate(&[]), 1.0);
        assert_eq!(rate(&[3.0, 2.0, 2.0]), 1.0, "one epoch without a lower loss");
        assert_eq!(rate(&[3.0, 2.0, 2.0, 2.5]), 0.5);
        assert_eq!(rate(&[3.0, 2.0, 2.0, 2.5, 1.0, 1.5, 1.5]), 0.25);
    }
}
