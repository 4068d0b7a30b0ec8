//! Masks over features: stretches of frames and of channels that are set to the window's mean.
//!
//! Park et al., SpecAugment, arXiv:1904.08779, without time warping.

use crate::DataError;
use crate::random::Stream;
use serde::{Deserialize, Serialize};

/// How many masks, how wide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Masks over frames.
    pub time_masks: usize,
    /// Frames of one at most.
    pub time_width: usize,
    /// Masks over channels.
    pub channel_masks: usize,
    /// Channels of one at most.
    pub channel_width: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config { time_masks: 2, time_width: 8, channel_masks: 1, channel_width: 2 }
    }
}

/// Checks the widths against features of shape `[frames, channels]`.
pub(super) fn check(config: &Config, shape: &[usize]) -> Result<(), DataError> {
    match *shape {
        [frames, channels] if config.time_width < frames && config.channel_width < channels => Ok(()),
        _ => Err(DataError::Options(format!(
            "augment: masks of {} frames and {} channels over features of shape {shape:?}",
            config.time_width, config.channel_width
        ))),
    }
}

/// Masks `features`, `[frames, channels]`.
pub(super) fn apply(config: &Config, shape: &[usize], features: &mut [f32], stream: &mut Stream) {
    let &[frames, channels] = shape else { return };
    let mean = features.iter().sum::<f32>() / features.len().max(1) as f32;
    let mut place = |width: usize, extent: usize| {
        let width = stream.below(width + 1);
        let from = stream.below(extent - width.min(extent) + 1);
        from..from + width
    };
    for _ in 0..config.time_masks {
        let masked = place(config.time_width, frames);
        let rows = masked.start * channels..masked.end * channels;
        features.get_mut(rows).into_iter().flatten().for_each(|value| *value = mean);
    }
    for _ in 0..config.channel_masks {
        let masked = place(config.channel_width, channels);
        for row in features.chunks_exact_mut(channels.max(1)) {
            row.get_mut(masked.clone()).into_iter().flatten().for_each(|value| *value = mean);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_cover_whole_frames_and_channels() {
        let config = Config { time_masks: 1, time_width: 3, channel_masks: 1, channel_width: 2 };
        let mut seen = [false; 2];
        for seed in 0..40 {
            let mut features: Vec<f32> = (0..40).map(|at| at as f32).collect();
            apply(&config, &[8, 5], &mut features, &mut Stream::new(&[seed]));
            let masked = |at: &usize| features[*at] == 19.5;
            let rows = (0..8).filter(|row| (0..5).map(|c| row * 5 + c).all(|at| masked(&at))).count();
            let columns = (0..5).filter(|c| (0..8).map(|row| row * 5 + c).all(|at| masked(&at))).count();
            assert!(rows <= 3 && columns <= 2);
            let n = (0..40).filter(masked).count();
            assert_eq!(n, rows * 5 + columns * 8 - rows * columns, "{features:?}");
            seen = [seen[0] || rows == 3, seen[1] || columns == 2];
        }
        assert_eq!(seen, [true, true]);
        assert!(check(&config, &[3, 5]).is_err() && check(&config, &[8, 5]).is_ok());
    }
}
