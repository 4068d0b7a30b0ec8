//! Recordings of any length to windows of one length, one a recording or one every `stride` rows.
//!
//! As TensorFlow's magic wand does it: a short recording is filled up in front with its first row, a long one keeps
//! its first rows. (TensorFlow also adds a copy filled up behind, and noise on the filling; [`crate::augment`] has
//! time shift and noise for that.)

use crate::index::{Index, Item};
use crate::{DataError, Dataset, Problems, Sample};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The most values of one window: 1 GiB.
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

/// What stands in the rows that a recording has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// The outermost row again.
    Edge,
    /// Zeros, as silence.
    Zero,
}

/// The class of a window of a recording whose rows have classes of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Labelling {
    /// The class of most of its rows, the lower number of equals.
    Majority,
    /// The first event that it overlaps.
    Any,
    /// The class of its row number `length / 2`.
    Centre,
}

/// Shape and unit of the windows. The default is the magic wand's: 128 rows, milli-g to g.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Rows of a window; those of the first recording when 0. An image is always one window.
    pub length: usize,
    /// Rows from one window to the next; 0 makes one window of each recording.
    pub stride: usize,
    /// Factor of every value.
    pub scale: f32,
    /// Where a short recording is filled up.
    pub pad_at: End,
    /// What it is filled up with.
    pub fill: Fill,
    /// Where a long recording is cut, without a stride.
    pub cut_at: End,
    /// Fewer rows than this are too short to fill up.
    pub min_rows: usize,
    /// What to do with fewer than `min_rows`.
    pub too_short: Misfit,
    /// What to do with more than `length`, without a stride.
    pub too_long: Misfit,
    /// How windows get their class from events.
    pub label: Labelling,
    /// Rows that the recording must go on after a window, for what is to be told of the future.
    pub ahead: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            length: 128,
            stride: 0,
            scale: 0.001,
            pad_at: End::Front,
            fill: Fill::Edge,
            cut_at: End::Back,
            min_rows: 1,
            too_short: Misfit::Error,
            too_long: Misfit::Fit,
            label: Labelling::Majority,
            ahead: 0,
        }
    }
}

/// The windows of all items in their order, of shape `[length, axes]`, or `[height, width, channels]` of images.
///
/// # Errors
/// [`DataError::Options`] on a length of 0, on a scale that is not finite and not 0, on a window of more than
/// [`MAX_VALUES`], and when nothing is left;
/// [`DataError::Problems`] with every item that is empty, a misfit under [`Misfit::Error`], or an image of another
/// size than the first.
pub fn windows(index: &Arc<Index>, config: &Config) -> Result<Dataset, DataError> {
    let first = index.items.first().map_or(0, |item| item.rows);
    // Without a length, each recording is one window, and all are as long as the first.
    let whole = (index.is_images() || config.length == 0).then_some(first);
    let config = match whole {
        Some(length) => {
            let (too_short, too_long) = (Misfit::Error, Misfit::Error);
            Config { length, stride: 0, min_rows: length, too_short, too_long, ..config.clone() }
        }
        None => config.clone(),
    };
    check(index, &config)?;
    let mut problems = Problems::default();
    let mut samples = Vec::with_capacity(index.items.len());
    for (number, item) in index.items.iter().enumerate() {
        match first_rows(item.rows, &config) {
            Ok(rows) => samples.extend(rows.into_iter().map(|first_row| Sample {
                label: label(item, first_row, &config),
                item: number,
                first_row,
            })),
            Err(message) => problems.add(item.name.as_str(), message),
        }
    }
    if !problems.is_empty() {
        return Err(DataError::Problems(problems));
    }
    if samples.is_empty() {
        let message = format!(
            "{}: no recording is left; each has fewer than {} rows or more than {}",
            index.name,
            config.min_rows.max(if config.ahead > 0 {
                config.length.saturating_add(config.ahead)
            } else {
                0
            }),
            config.length
        );
        return Err(DataError::Options(message));
    }
    let shape = [&[config.length], index.row_shape.as_slice()].concat();
    let (classes, provenance) = (index.classes.clone(), index.provenance.clone());
    let (index, scale, fill) = (Arc::clone(index), config.scale, config.fill);
    let window = shape.clone();
    Ok(Dataset {
        classes,
        shape,
        window,
        samples,
        provenance,
        index,
        scale,
        fill,
        standard: None,
        front_end: None,
    })
}

fn check(index: &Index, config: &Config) -> Result<(), DataError> {
    let row_len = index.row_len();
    if config.length == 0 || row_len == 0 || !config.scale.is_finite() || config.scale == 0.0 {
        let message = format!(
            "windows of {} rows × {row_len} values, scale {}: expected a length and a scale other than 0",
            config.length, config.scale
        );
        return Err(DataError::Options(message));
    }
    if config.length.checked_mul(row_len).is_none_or(|values| values > MAX_VALUES) {
        let message = format!(
            "a window of {} rows × {row_len} values has more than {MAX_VALUES}; take a shorter one",
            config.length
        );
        return Err(DataError::Options(message));
    }
    Ok(())
}

/// Where the windows of an item of `n_rows` begin; none when it is left out.
fn first_rows(n_rows: usize, config: &Config) -> Result<Vec<i64>, String> {
    if n_rows == 0 {
        return Err("it is empty; take it out, or record it again".into());
    }
    if config.ahead > 0 && n_rows < config.length.saturating_add(config.ahead) {
        return Ok(Vec::new());
    }
    let n_rows = n_rows - config.ahead;
    let misfit = match n_rows {
        n if n < config.min_rows => config.too_short,
        n if n > config.length && config.stride == 0 => config.too_long,
        _ => Misfit::Fit,
    };
    match misfit {
        Misfit::Fit => {}
        Misfit::Drop => return Ok(Vec::new()),
        Misfit::Error if config.min_rows == config.length => {
            return Err(format!("{n_rows} rows, expected {}", config.length));
        }
        Misfit::Error => {
            return Err(format!("{n_rows} rows, expected {} to {}", config.min_rows, config.length));
        }
    }
    let spare = n_rows as i64 - config.length as i64;
    if spare >= 0 && config.stride > 0 {
        return Ok((0..=spare).step_by(config.stride).collect());
    }
    let from_the_end = if spare < 0 { config.pad_at == End::Front } else { config.cut_at == End::Front };
    Ok(vec![if from_the_end { spare } else { 0 }])
}

/// The class of the window that begins at `first_row`.
fn label(item: &Item, first_row: i64, config: &Config) -> usize {
    if item.spans.is_empty() {
        return item.label;
    }
    let first = usize::try_from(first_row).unwrap_or(0);
    let end = usize::try_from(first_row + config.length as i64).unwrap_or(0).min(item.rows);
    let rows_in = |span: &crate::Span| span.rows.end.min(end).saturating_sub(span.rows.start.max(first));
    match config.label {
        Labelling::Any => item.spans.iter().find(|span| rows_in(span) > 0).map_or(item.label, |s| s.label),
        Labelling::Centre => {
            let centre = usize::try_from(first_row + config.length as i64 / 2).unwrap_or(0);
            item.spans.iter().find(|span| span.rows.contains(&centre)).map_or(item.label, |span| span.label)
        }
        Labelling::Majority => {
            let mut rows = std::collections::BTreeMap::new();
            let n_spans: usize = item.spans.iter().map(rows_in).sum();
            *rows.entry(item.label).or_insert(0) += (end - first.min(end)).saturating_sub(n_spans);
            for span in &item.spans {
                *rows.entry(span.label).or_insert(0) += rows_in(span);
            }
            let most = rows.values().copied().max().unwrap_or(0);
            rows.into_iter().find(|&(_, n)| n == most).map_or(item.label, |(label, _)| label)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Provenance, Recording, Recordings, Span};

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

    fn index(lengths: &[usize]) -> Arc<Index> {
        Arc::new(set(lengths).try_into().unwrap())
    }

    fn values(lengths: &[usize], config: &Config) -> Vec<Vec<f32>> {
        let set = windows(&index(lengths), config).unwrap();
        (0..set.len()).map(|at| set.values(at).unwrap()).collect()
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
    fn without_a_length_recordings_are_windows_as_they_are() {
        let config = Config { length: 0, ..config() };
        assert_eq!(values(&[2, 2], &config), [[0.0, 0.5, 1.0, 1.5]; 2]);
        let text = windows(&index(&[2, 3]), &config).unwrap_err().to_string();
        assert!(text.contains("3 rows, expected 2"), "{text}");
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
        assert!(windows(&index(&[1, 5]), &config).unwrap_err().to_string().contains("no recording is left"));
        let config = Config { too_short: Misfit::Error, too_long: Misfit::Error, ..config };
        let text = windows(&index(&[1, 2, 5]), &config).unwrap_err().to_string();
        assert!(text.contains("set, recording 0 (p): 1 rows, expected 2 to 3"), "{text}");
        assert!(text.contains("set, recording 2 (p): 5 rows, expected 2 to 3"), "{text}");
    }

    #[test]
    fn ragged_empty_and_unlabelled_recordings_are_reported() {
        let mut set = set(&[2, 2, 0]);
        set.recordings[0].values.pop();
        set.recordings[1].label = "b".into();
        let text = Index::try_from(set).unwrap_err().to_string();
        assert!(text.contains("(3 problems)"), "{text}");
        assert!(text.contains("recording 0 (p): 3 values, expected rows of 2"), "{text}");
        assert!(text.contains("label \"b\" is not among"), "{text}");
    }

    #[test]
    fn options_without_sense_are_refused() {
        let long = [1 << 28, usize::MAX].map(|length| Config { length, ..config() });
        for bad in long.into_iter().chain([Config { scale: f32::NAN, ..config() }]) {
            assert!(matches!(windows(&index(&[2]), &bad), Err(DataError::Options(_))));
        }
    }

    #[test]
    fn a_stride_makes_more_windows_of_an_item() {
        let config = Config { stride: 2, ..config() };
        let windows = values(&[2, 8], &config);
        assert_eq!(windows.len(), 4);
        assert_eq!(windows[0], [0.0, 0.5, 0.0, 0.5, 1.0, 1.5]);
        assert_eq!([windows[1][0], windows[2][0], windows[3][0]], [0.0, 2.0, 4.0]);
    }

    #[test]
    fn rows_ahead_are_there_and_read() {
        let config = Config { stride: 1, ahead: 2, ..config() };
        let set = windows(&index(&[4, 6]), &config).unwrap();
        assert_eq!(set.len(), 2, "the first recording ends too early");
        let row = |at, ahead| {
            let mut row = [0.0; 2];
            set.read_row_after(at, ahead, &mut row).map(|()| row)
        };
        // Rows hold 2n and 2n + 1, times a half; the second window ends with row 3.
        assert_eq!((row(1, 0).unwrap(), row(1, 2).unwrap()), ([3.0, 3.5], [5.0, 5.5]));
        assert!(row(1, 3).is_err() && row(2, 0).is_err());
    }

    #[test]
    fn zeros_fill_where_asked() {
        let config = Config { fill: Fill::Zero, pad_at: End::Back, ..config() };
        assert_eq!(values(&[2], &config), [[0.0, 0.5, 1.0, 1.5, 0.0, 0.0]]);
        let config = Config { pad_at: End::Front, ..config };
        assert_eq!(values(&[1], &config), [[0.0, 0.0, 0.0, 0.0, 0.0, 0.5]]);
    }

    #[test]
    fn events_label_windows_by_majority_overlap_or_centre() {
        let mut index: Index = set(&[12]).try_into().unwrap();
        index.classes.push("b".into());
        index.items[0].spans = vec![Span { rows: 5..8, label: 1 }];
        let index = Arc::new(index);
        let labels = |label| {
            let config = Config { length: 4, stride: 1, label, ..config() };
            windows(&index, &config).unwrap().samples.iter().map(|s| s.label).collect::<Vec<_>>()
        };
        assert_eq!(labels(Labelling::Majority), [0, 0, 0, 0, 1, 1, 0, 0, 0]);
        assert_eq!(labels(Labelling::Any), [0, 0, 1, 1, 1, 1, 1, 1, 0]);
        assert_eq!(labels(Labelling::Centre), [0, 0, 0, 1, 1, 1, 0, 0, 0]);
    }
}
