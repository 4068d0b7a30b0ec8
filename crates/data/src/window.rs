//! Recordings of any length to windows of one length.
//!
//! As TensorFlow's magic wand does it: a short recording is filled up in front with its first row, a long one keeps
//! its first rows. (TensorFlow also adds a copy filled up behind, and noise on the filling; [`crate::augment`] has
//! time shift and noise for that.)

use crate::{DataError, Dataset, Problems, Recordings, Sample};
use serde::{Deserialize, Serialize};

/// The most values of all windows together: 1 GiB.
pub const MAX_VALUES: usize = 1 << 28;

/// What to do with a recording that is too short or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Misfit {
    /// Fill it up, or cut it.
    Fit,
    /// Leave it out.
    Drop,
    /// Report it.
    Error,
}

/// Which end of a recording gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The beginning.
    Front,
    /// The end.
    Back,
}

/// Shape and unit of the windows. The default is the magic wand's: 128 rows, milli-g to g.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Rows of a window.
    pub length: usize,
    /// Factor of every value.
    pub scale: f32,
    /// Where a short recording is filled up with its outermost row.
    pub pad_at: End,
    /// Where a long recording is cut.
    pub cut_at: End,
    /// Fewer rows than this are too short to fill up.
    pub min_rows: usize,
    /// What to do with fewer than `min_rows`.
    pub too_short: Misfit,
    /// What to do with more than `length`.
    pub too_long: Misfit,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            length: 128,
            scale: 0.001,
            pad_at: End::Front,
            cut_at: End::Back,
            min_rows: 1,
            too_short: Misfit::Error,
            too_long: Misfit::Fit,
        }
    }
}

/// One window a recording, of shape `[length, axes]`, in the order of the recordings.
///
/// # Errors
/// [`DataError::Options`] on a length of 0, on a scale that is not finite and not 0, on more than
/// [`MAX_VALUES`], and when nothing is left;
/// [`DataError::Problems`] with every recording that is empty, ragged (its length is not a multiple of the axes),
/// of a label that is not in the list, or a misfit under [`Misfit::Error`].
pub fn windows(set: &Recordings, config: &Config) -> Result<Dataset, DataError> {
    if config.length == 0 || set.axes == 0 || !config.scale.is_finite() || config.scale == 0.0 {
        let message = format!(
            "windows of {} rows × {} axes, scale {}: expected a length and a scale other than 0",
            config.length, set.axes, config.scale
        );
        return Err(DataError::Options(message));
    }
    let values = config.length.checked_mul(set.axes).and_then(|one| one.checked_mul(set.recordings.len()));
    if values.is_none_or(|values| values > MAX_VALUES) {
        let message = format!(
            "{} windows of {} rows × {} axes are more than {MAX_VALUES} values; take shorter windows or fewer \
             recordings",
            set.recordings.len(),
            config.length,
            set.axes
        );
        return Err(DataError::Options(message));
    }
    let mut problems = Problems::default();
    let mut samples = Vec::with_capacity(set.recordings.len());
    for (number, recording) in set.recordings.iter().enumerate() {
        let label = set.classes.iter().position(|class| *class == recording.label);
        let window = cut(&recording.values, set.axes, config);
        match (label, window) {
            (Some(label), Ok(Some(values))) => {
                samples.push(Sample { values, label, group: recording.group.clone() });
            }
            (Some(_), Ok(None)) => {}
            (None, _) => {
                let message = format!("label \"{}\" is not among the classes", recording.label);
                problems.add(place(set, number), message);
            }
            (Some(_), Err(message)) => problems.add(place(set, number), message),
        }
    }
    if !problems.is_empty() {
        return Err(DataError::Problems(problems));
    }
    if samples.is_empty() {
        let message = format!(
            "{}: no recording is left; each has fewer than {} rows or more than {}",
            set.name, config.min_rows, config.length
        );
        return Err(DataError::Options(message));
    }
    let (classes, provenance) = (set.classes.clone(), set.provenance.clone());
    Ok(Dataset { classes, shape: vec![config.length, set.axes], samples, provenance })
}

fn place(set: &Recordings, number: usize) -> String {
    let group = set.recordings.get(number).map_or("", |recording| recording.group.as_str());
    format!("{}, recording {number} ({group})", set.name)
}

/// The window, `None` when the recording is left out.
fn cut(values: &[f32], axes: usize, config: &Config) -> Result<Option<Vec<f32>>, String> {
    if values.is_empty() || !values.len().is_multiple_of(axes) {
        return Err(format!("{} values, expected rows of {axes}", values.len()));
    }
    let n_rows = values.len() / axes;
    let misfit = match n_rows {
        n if n < config.min_rows => config.too_short,
        n if n > config.length => config.too_long,
        _ => Misfit::Fit,
    };
    match misfit {
        Misfit::Fit => {}
        Misfit::Drop => return Ok(None),
        Misfit::Error => {
            return Err(format!("{n_rows} rows, expected {} to {}", config.min_rows, config.length));
        }
    }
    let n_pad = config.length.saturating_sub(n_rows);
    let n_cut = n_rows.saturating_sub(config.length);
    let row_at = |row: usize| match (config.pad_at, config.cut_at) {
        _ if n_cut > 0 && config.cut_at == End::Front => row + n_cut,
        (End::Front, _) => row.saturating_sub(n_pad),
        (End::Back, _) => row.min(n_rows - 1),
    };
    let rows = (0..config.length).flat_map(|row| values.iter().skip(row_at(row) * axes).take(axes));
    Ok(Some(rows.map(|value| value * config.scale).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Provenance, Recording};

    fn set(lengths: &[usize]) -> Recordings {
        let recording = |&n: &usize| Recording {
            label: "a".into(),
            group: "p".into(),
            values: (0..2 * n).map(|value| value as f32).collect(),
        };
        Recordings {
            name: "set".into(),
            classes: vec!["a".into()],
            axes: 2,
            rate_hz: 25.0,
            unit: "milli-g".into(),
            provenance: Provenance::Generated { seed: 1 },
            recordings: lengths.iter().map(recording).collect(),
        }
    }

    fn config() -> Config {
        Config { length: 3, scale: 0.5, ..Config::default() }
    }

    fn values(lengths: &[usize], config: &Config) -> Vec<Vec<f32>> {
        windows(&set(lengths), config).unwrap().samples.into_iter().map(|sample| sample.values).collect()
    }

    #[test]
    fn short_ones_repeat_their_first_row_and_long_ones_keep_their_first_rows() {
        let windows = values(&[1, 2, 3, 5], &config());
        assert_eq!(windows[0], [0.0, 0.5, 0.0, 0.5, 0.0, 0.5]);
        assert_eq!(windows[1], [0.0, 0.5, 0.0, 0.5, 1.0, 1.5]);
        assert_eq!(windows[2], [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]);
        assert_eq!(windows[3], windows[2]);
    }

    #[test]
    fn the_other_ends() {
        let config = Config { pad_at: End::Back, cut_at: End::Front, ..config() };
        let windows = values(&[2, 5], &config);
        assert_eq!(windows[0], [0.0, 0.5, 1.0, 1.5, 1.0, 1.5]);
        assert_eq!(windows[1], [2.0, 2.5, 3.0, 3.5, 4.0, 4.5]);
    }

    #[test]
    fn misfits_are_dropped_or_reported() {
        let config = Config { min_rows: 2, too_short: Misfit::Drop, too_long: Misfit::Drop, ..config() };
        assert_eq!(values(&[1, 2, 3, 5], &config).len(), 2);
        assert!(windows(&set(&[1, 5]), &config).unwrap_err().to_string().contains("no recording is left"));
        let config = Config { too_short: Misfit::Error, too_long: Misfit::Error, ..config };
        let text = windows(&set(&[1, 2, 5]), &config).unwrap_err().to_string();
        assert!(text.contains("set, recording 0 (p): 1 rows, expected 2 to 3"), "{text}");
        assert!(text.contains("set, recording 2 (p): 5 rows, expected 2 to 3"), "{text}");
    }

    #[test]
    fn ragged_empty_and_unlabelled_recordings_are_reported() {
        let mut set = set(&[2, 2, 0]);
        set.recordings[0].values.pop();
        set.recordings[1].label = "b".into();
        let text = windows(&set, &config()).unwrap_err().to_string();
        assert!(text.contains("(3 problems)"), "{text}");
        assert!(text.contains("recording 0 (p): 3 values, expected rows of 2"), "{text}");
        assert!(text.contains("label \"b\" is not among"), "{text}");
    }

    #[test]
    fn options_without_sense_are_refused() {
        let long = [1 << 28, usize::MAX].map(|length| Config { length, ..config() });
        for bad in
            long.into_iter().chain([Config { length: 0, ..config() }, Config { scale: f32::NAN, ..config() }])
        {
            assert!(matches!(windows(&set(&[2]), &bad), Err(DataError::Options(_))));
        }
    }
}
