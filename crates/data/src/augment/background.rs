//! Background noise: recordings of a class of the same training set, mixed in at a ratio of signal to noise.

use crate::random::Stream;
use crate::{DataError, Dataset};
use serde::{Deserialize, Serialize};

/// How to mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Class whose training windows are the noise.
    pub class: String,
    /// Lowest and highest ratio of the powers of signal and noise, dB.
    #[serde(default = "zero_to_twenty")]
    pub snr_db: [f64; 2],
    /// Share of the windows that get noise.
    #[serde(default = "most")]
    pub chance: f64,
}

fn zero_to_twenty() -> [f64; 2] {
    [0.0, 20.0]
}

fn most() -> f64 {
    0.8
}

/// The noise of one data set.
#[derive(Debug, Clone)]
pub(super) struct Background {
    config: Config,
    noise: Dataset,
}

impl Background {
    pub(super) fn new(config: &Config, set: &Dataset) -> Result<Self, DataError> {
        let wrong = |message: String| DataError::Options(format!("augment: background: {message}"));
        let class = set.classes.iter().position(|class| *class == config.class).ok_or_else(|| {
            wrong(format!("no class \"{}\"; the classes are {}", config.class, set.classes.join(", ")))
        })?;
        let [low, high] = config.snr_db;
        if !(low <= high && (-100.0..=100.0).contains(&low) && (-100.0..=100.0).contains(&high)) {
            return Err(wrong(format!("snr_db {:?}, expected a range within ±100 dB", config.snr_db)));
        }
        if !(0.0..=1.0).contains(&config.chance) {
            return Err(wrong(format!("chance {}, expected 0 to 1", config.chance)));
        }
        let own = set.samples.iter().filter(|sample| sample.label == class).copied();
        let noise = set.with_samples(own.collect());
        if noise.is_empty() {
            return Err(wrong(format!("no training window of class \"{}\"", config.class)));
        }
        Ok(Background { config: config.clone(), noise })
    }

    /// Adds noise to `window`. Noise that cannot be read was reported when the set was read; here it is silence.
    pub(super) fn apply(&self, window: &mut [f32], stream: &mut Stream) {
        let (is_wanted, at) = (stream.chance(self.config.chance), stream.below(self.noise.len()));
        let [low, high] = self.config.snr_db;
        let snr_db = stream.range(low, high);
        let mut noise = vec![0.0; window.len()];
        if !is_wanted || self.noise.read_window(at, &mut noise).is_err() {
            return;
        }
        let power = |values: &[f32]| values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
        let (signal, noise_power) = (power(window), power(&noise));
        if noise_power > 0.0 {
            // 10^(x / 20) as e^(x ln 10 / 20).
            let gain = (signal / noise_power).sqrt()
                * smidgen_features::tables::exp(-snr_db * std::f64::consts::LN_10 / 20.0);
            window
                .iter_mut()
                .zip(noise)
                .for_each(|(value, noise)| *value += (gain * f64::from(noise)) as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Provenance;
    use crate::dataset::Values;

    fn set() -> Dataset {
        let sample = |values: [f32; 4], label| Values { values: values.into(), label, group: "g".into() };
        let samples = [sample([1.0, -1.0, 1.0, -1.0], 0), sample([8.0, 0.0, 0.0, 0.0], 1)];
        let classes = vec!["word".into(), "noise".into()];
        Dataset::in_memory(classes, vec![4, 1], &samples, Provenance::Generated { seed: 1 }).unwrap()
    }

    #[test]
    fn noise_has_the_power_that_was_asked_for() {
        let config = Config { class: "noise".into(), snr_db: [20.0, 20.0], chance: 1.0 };
        let background = Background::new(&config, &set()).unwrap();
        let mut window = [1.0, -1.0, 1.0, -1.0];
        background.apply(&mut window, &mut Stream::new(&[1]));
        // Power 4 / 100 of one value: 0.2.
        assert!((window[0] - 1.2).abs() < 1e-6 && window[1..] == [-1.0, 1.0, -1.0], "{window:?}");
        let never = Background::new(&Config { chance: 0.0, ..config }, &set()).unwrap();
        never.apply(&mut window, &mut Stream::new(&[1]));
        assert!((window[0] - 1.2).abs() < 1e-6);
    }

    #[test]
    fn wrong_classes_and_ranges_are_refused() {
        let config = Config { class: "noise".into(), snr_db: [0.0, 20.0], chance: 0.5 };
        let text = |config: Config| Background::new(&config, &set()).unwrap_err().to_string();
        assert!(
            text(Config { class: "rain".into(), ..config.clone() }).contains("the classes are word, noise")
        );
        assert!(text(Config { snr_db: [5.0, 1.0], ..config.clone() }).contains("snr_db"));
        assert!(text(Config { chance: 1.5, ..config }).contains("chance"));
    }
}
