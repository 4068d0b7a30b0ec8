//! Rows of one recording as they come, then its values without gaps.

use super::table::{Row, Table};
use super::{Config, Gap};
use crate::files::{Labelled, Named};
use crate::{Item, Missing, Part, resample, times};
use std::ops::Range;

/// Rows that belong together.
#[derive(Debug)]
pub(super) struct Recording {
    n_values: usize,
    values: Vec<Option<f32>>,
    times: Vec<f64>,
    labels: Vec<(usize, String)>,
    group: Option<String>,
    part: Option<Part>,
    n_rows: usize,
    first_line: usize,
}

/// A recording as an item.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) labelled: Labelled,
    pub(super) events: Vec<(Range<usize>, String)>,
    pub(super) values: Vec<f32>,
    pub(super) axes: usize,
    pub(super) rate_hz: f32,
}

impl Recording {
    pub(super) fn new(table: &Table<'_>) -> Self {
        Recording {
            n_values: table.n_values(),
            values: Vec::new(),
            times: Vec::new(),
            labels: Vec::new(),
            group: None,
            part: None,
            n_rows: 0,
            first_line: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    pub(super) fn first_line(&self) -> usize {
        self.first_line
    }

    /// Whether `row` begins another recording.
    pub(super) fn ends_before(&self, row: &Row, config: &Config) -> bool {
        let last_label = self.labels.last().map(|(_, label)| label);
        let other_label = !config.events && row.label.is_some() && last_label != row.label.as_ref();
        let other = row.group != self.group || row.part != self.part || other_label;
        !self.is_empty()
            && (other
                || (config.blank_lines && row.after_blank)
                || (config.rows > 0 && self.n_rows >= config.rows))
    }

    pub(super) fn push(&mut self, row: Row) {
        if self.is_empty() {
            (self.group, self.part, self.first_line) = (row.group, row.part, row.line);
        }
        if let Some(label) = row.label
            && self.labels.last().is_none_or(|(_, last)| *last != label)
        {
            self.labels.push((self.n_rows, label));
        }
        self.times.extend(row.time_s);
        self.values.extend(row.values);
        self.n_rows += 1;
    }

    /// The recording so far, and an empty one in its place; `None` when all its rows are dropped.
    pub(super) fn take(
        &mut self,
        config: &Config,
        named: &Named,
        missing: &mut Missing,
    ) -> Result<Option<Ready>, String> {
        let (mut values, mut times) = (std::mem::take(&mut self.values), std::mem::take(&mut self.times));
        let labels = std::mem::take(&mut self.labels);
        let n_rows = std::mem::take(&mut self.n_rows);
        let (group, part) = (self.group.take(), self.part.take());
        if config.rows > 0 && n_rows != config.rows {
            return Err(format!("{n_rows} rows, expected rows = {} in each recording", config.rows));
        }
        let n_missing = values.iter().filter(|value| value.is_none()).count();
        missing.values += n_missing;
        let mut axes = self.n_values.max(1);
        let mut kept: Vec<usize> = (0..n_rows).collect();
        if config.missing == Gap::Drop && n_missing > 0 {
            let whole: Vec<bool> = values.chunks(axes).map(|row| row.iter().all(Option::is_some)).collect();
            kept.retain(|&row| whole.get(row) == Some(&true));
            missing.dropped_rows += n_rows - kept.len();
            values = values
                .chunks(axes)
                .filter(|row| row.iter().all(Option::is_some))
                .flatten()
                .copied()
                .collect();
            times = kept.iter().filter_map(|&row| times.get(row).copied()).collect();
        }
        if kept.is_empty() {
            return Ok(None);
        }
        let mut values = match config.missing {
            Gap::Mark => mark(&values, axes),
            _ => interpolate(&values, axes)?,
        };
        axes += usize::from(config.missing == Gap::Mark);
        let mut rate_hz =
            if config.rate_hz > 0.0 { config.rate_hz } else { times::rate(&times).unwrap_or(0.0) as f32 };
        let mut rows_of = Place { kept, times: Vec::new(), rate_hz: f64::from(rate_hz) };
        if config.resample {
            rate_hz = config.rate_hz;
            let (Some(&start), Some(&end)) = (times.first(), times.last()) else {
                return Err("resample needs a column of times; name it with time = \"…\"".into());
            };
            if let Some(row) = times.windows(2).position(|pair| pair.last() < pair.first()) {
                return Err(format!(
                    "time goes back after row {row} of the recording; sort the rows, or do without resample"
                ));
            }
            if (end - start) * f64::from(rate_hz) * axes as f64 > crate::window::MAX_VALUES as f64 {
                return Err(format!("{} s at {rate_hz} Hz are too many rows", end - start));
            }
            values = resample::linear(&times, &values, axes, f64::from(rate_hz));
            rows_of.times = times;
        }
        let rows = values.len() / axes;
        let label = match labels.first() {
            Some((_, label)) => label.clone(),
            None => named
                .label
                .clone()
                .ok_or("no label: name a column with label = \"…\", or a pattern of names")?,
        };
        let events = events(&labels, n_rows, rows, &rows_of);
        let group = group.or_else(|| named.group.clone()).unwrap_or_default();
        let part = part.or(named.part);
        let item = Item { group, part, rows, ..Item::default() };
        Ok(Some(Ready { labelled: Labelled { label, item }, events, values, axes, rate_hz }))
    }
}

/// Where rows of the file end up.
#[derive(Debug)]
struct Place {
    kept: Vec<usize>,
    /// Times of the kept rows when they were put on a grid.
    times: Vec<f64>,
    rate_hz: f64,
}

impl Place {
    fn of(&self, row: usize, n_rows: usize) -> usize {
        let at = self.kept.partition_point(|&kept| kept < row);
        match (self.times.get(at), self.times.first()) {
            (Some(time), Some(start)) => (((time - start) * self.rate_hz).ceil() as usize).min(n_rows),
            (None, Some(_)) => n_rows,
            _ => at.min(n_rows),
        }
    }
}

/// Stretches of another label than the first.
fn events(
    labels: &[(usize, String)],
    n_rows: usize,
    n_placed: usize,
    place: &Place,
) -> Vec<(Range<usize>, String)> {
    let ends = labels.iter().skip(1).map(|(row, _)| *row).chain([n_rows]);
    let background = labels.first().map(|(_, label)| label);
    let stretch = |((from, label), to): (&(usize, String), usize)| {
        let rows = place.of(*from, n_placed)..place.of(to, n_placed);
        (Some(label) != background && !rows.is_empty()).then(|| (rows, label.clone()))
    };
    labels.iter().zip(ends).filter_map(stretch).collect()
}

fn interpolate(values: &[Option<f32>], axes: usize) -> Result<Vec<f32>, String> {
    let n_rows = values.len() / axes;
    let mut out: Vec<f32> = values.iter().map(|value| value.unwrap_or(0.0)).collect();
    for axis in 0..axes {
        let there: Vec<(usize, f32)> =
            (0..n_rows).filter_map(|row| Some((row, (*values.get(row * axes + axis)?)?))).collect();
        if there.len() == n_rows {
            continue;
        }
        let (Some(&first), Some(&last)) = (there.first(), there.last()) else {
            return Err(format!(
                "column {} of the values is missing in the whole recording; leave it out",
                axis + 1
            ));
        };
        for row in 0..n_rows {
            let after = there.partition_point(|&(at, _)| at < row);
            let above = there.get(after).copied().unwrap_or(last);
            let below = after.checked_sub(1).and_then(|at| there.get(at)).copied().unwrap_or(first);
            let part = if above.0 > below.0 && row > below.0 {
                (row - below.0) as f32 / (above.0 - below.0) as f32
            } else {
                0.0
            };
            let value = if above.0 == row { above.1 } else { below.1 + (above.1 - below.1) * part };
            out.get_mut(row * axes + axis).into_iter().for_each(|place| *place = value);
        }
    }
    Ok(out)
}

fn mark(values: &[Option<f32>], axes: usize) -> Vec<f32> {
    let mut last = vec![0.0; axes];
    let mut out = Vec::with_capacity(values.len() / axes * (axes + 1));
    for row in values.chunks_exact(axes) {
        for (held, value) in last.iter_mut().zip(row) {
            *held = value.unwrap_or(*held);
        }
        out.extend_from_slice(&last);
        out.push(if row.iter().any(Option::is_none) { 1.0 } else { 0.0 });
    }
    out
}
