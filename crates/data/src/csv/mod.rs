//! CSV: a file for each recording, or tables with columns for label, group and time.
//!
//! Separators, header and decimal commas are found by looking; quoted fields and byte-order marks are read. Values go
//! to a spool, one recording at a time, so that a table may be larger than the memory.

mod label_windows;
mod recording;
mod table;

use crate::element::{Element, Stored};
use crate::files::{self, Found, Labelled, Named, Pattern};
use crate::index::Source;
use crate::spool::Spool;
use crate::{DataError, Index, Missing, Problems};
use label_windows::LabelWindows;
use recording::Recording;
use serde::{Deserialize, Serialize};
use std::path::Path;
use table::Table;

/// What to do with a value that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// Report it.
    #[default]
    Error,
    /// Leave the row out.
    Drop,
    /// The line between the values before and after in the recording; at its ends, the nearest value.
    Interpolate,
    /// The last value (0 before the first), and one more axis that is 1 in such rows and 0 in the others.
    Mark,
}

/// How to read the files. The default finds out what it can.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Between the fields; found among `;`, tab and `,` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<char>,
    /// Whether the first line names the columns; it does when a field of it is no number, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// Columns of values by name, or by number from 1; when empty, all that have no other duty and a number in the first
    /// row.
    pub values: Vec<String>,
    /// Column of the label.
    pub label: String,
    /// Column of the group; its change begins a recording.
    pub group: String,
    /// Column of the part: `train`, `validation` or `test`.
    pub part: String,
    /// Column of the time; a column `timestamp` or `time` of numbers or dates when empty.
    pub time: String,
    /// Seconds in a unit of a time that is a number; 0.001 for milliseconds.
    pub time_unit_s: f64,
    /// Rows of each recording, one after the other in a file; 0 for no such rule.
    pub rows: usize,
    /// Whether a blank line begins a recording.
    pub blank_lines: bool,
    /// Whether rows of another label stay in their recording as an event; else they begin another recording.
    pub events: bool,
    /// A JSON file beside the data with the stretches of time in which something happens, as the Numenta benchmark has
    /// them: `{"file.csv": [["2014-04-10 07:15:00", "2014-04-11 16:45:00"], …]}`. Rows in one of them are events.
    pub label_windows: String,
    /// The classes of rows outside and inside of these windows.
    pub window_classes: [String; 2],
    /// What to do with missing values.
    pub missing: Gap,
    /// Words for a missing value, beside the empty field.
    pub missing_words: Vec<String>,
    /// Rows a second; that of the time column when 0.
    pub rate_hz: f32,
    /// Whether rows are put on a grid of that rate by their times, with straight lines between.
    pub resample: bool,
    /// Unit of the values, for people.
    pub unit: String,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            separator: None,
            header: None,
            values: Vec::new(),
            label: String::new(),
            group: String::new(),
            part: String::new(),
            time: String::new(),
            time_unit_s: 0.001,
            rows: 0,
            blank_lines: false,
            events: false,
            label_windows: String::new(),
            window_classes: ["normal", "anomaly"].map(String::from),
            missing: Gap::Error,
            missing_words: ["NA", "N/A", "NaN", "nan", "null", "?"].map(String::from).into(),
            rate_hz: 0.0,
            resample: false,
            unit: String::new(),
        }
    }
}

/// What all files put together.
#[derive(Debug)]
struct Made {
    items: Vec<Labelled>,
    /// Labels of events, whose numbers are known when all are.
    events: Vec<Vec<(std::ops::Range<usize>, String)>>,
    spool: Spool,
    axes: usize,
    /// Names of the axes, as the first file has them.
    names: Vec<String>,
    rate_hz: f32,
    missing: Missing,
    problems: Problems,
}

/// The index of the CSV files (`.csv`, `.tsv`) below `path`, or of one file; `names` says what the files'
/// names say where no column does.
///
/// # Errors
/// [`DataError::Problems`] with file and line of everything that cannot be read: a field that is no number, a missing
/// value under [`Gap::Error`], rows of different lengths, a label that is missing, an unknown column, a file without
/// rows, files with different columns; [`DataError::Options`] on options that make no sense.
pub fn load(path: &Path, names: &Pattern, config: &Config) -> Result<Index, DataError> {
    names.check()?;
    if config.resample && config.rate_hz <= 0.0 {
        return Err(DataError::Options("csv: resample needs a rate_hz above 0".into()));
    }
    let mut made = Made {
        items: Vec::new(),
        events: Vec::new(),
        spool: Spool::new(Stored::little(Element::F32)),
        axes: 0,
        names: Vec::new(),
        rate_hz: config.rate_hz,
        missing: Missing::default(),
        problems: Problems::default(),
    };
    let windows = LabelWindows::read(path, config)?;
    let config = &Config { events: config.events || !config.label_windows.is_empty(), ..config.clone() };
    for found in files::list(path, &["csv", "tsv"])? {
        read_file(&found, names, config, &windows, &mut made)?;
    }
    finish(path, config, made)
}

fn finish(path: &Path, config: &Config, made: Made) -> Result<Index, DataError> {
    if !made.problems.is_empty() {
        return Err(DataError::Problems(made.problems));
    }
    let (rate_hz, row) = (made.rate_hz, (vec![made.axes], config.unit.as_str()));
    let mut index = files::index(path, made.items, rate_hz, row, Source::Spool(made.spool));
    index.missing = made.missing;
    index.axes = made.names;
    for (item, events) in made.events.into_iter().enumerate() {
        for (rows, label) in events {
            let number = index.classes.iter().position(|class| *class == label).unwrap_or_else(|| {
                index.classes.push(label.clone());
                index.classes.len() - 1
            });
            let span = crate::Span { rows, label: number };
            index.items.get_mut(item).into_iter().for_each(|item| item.spans.push(span.clone()));
        }
    }
    Ok(index)
}

fn read_file(
    found: &Found,
    names: &Pattern,
    config: &Config,
    windows: &LabelWindows,
    made: &mut Made,
) -> Result<(), DataError> {
    let place = found.path.display().to_string();
    let named = match names.of(found) {
        Ok(named) => named,
        Err(message) => {
            made.problems.add(place, message);
            return Ok(());
        }
    };
    let mut table = match Table::open(&found.path, config)? {
        Ok(table) => table,
        Err((line, message)) => {
            made.problems.add(at(&place, line), message);
            return Ok(());
        }
    };
    if made.names.is_empty() {
        made.names = table.value_names();
        made.names.extend((config.missing == Gap::Mark).then(|| "missing".to_owned()));
    }
    let mut recording = Recording::new(&table);
    let mut n_rows = 0usize;
    while let Some(row) = table.next_row()? {
        match row {
            Ok(mut row) => {
                n_rows += 1;
                if let Err(message) = windows.label(found, config, &mut row) {
                    made.problems.add(at(&place, row.line), message);
                    break;
                }
                if recording.ends_before(&row, config) {
                    close(&mut recording, found, &named, config, made)?;
                }
                recording.push(row);
            }
            Err((line, message)) => made.problems.add(at(&place, line), message),
        }
    }
    close(&mut recording, found, &named, config, made)?;
    if n_rows == 0 && made.problems.is_empty() {
        made.problems.add(place, "the file has no rows; record it again, or take it out");
    }
    Ok(())
}

fn at(place: &str, line: usize) -> String {
    format!("{place}:{line}")
}

/// Files the rows so far as an item.
fn close(
    recording: &mut Recording,
    found: &Found,
    named: &Named,
    config: &Config,
    made: &mut Made,
) -> Result<(), DataError> {
    if recording.is_empty() {
        return Ok(());
    }
    let place = at(&found.path.display().to_string(), recording.first_line());
    let number = made.items.len();
    match recording.take(config, named, &mut made.missing) {
        Ok(None) => {}
        Ok(Some(mut ready)) => {
            if made.axes != 0 && made.axes != ready.axes {
                made.problems.add(place, format!("{} axes, the files before have {}", ready.axes, made.axes));
                return Ok(());
            }
            made.axes = ready.axes;
            if made.rate_hz == 0.0 {
                made.rate_hz = ready.rate_hz;
            }
            ready.labelled.item.place = made.spool.len();
            if ready.labelled.item.group.is_empty() {
                ready.labelled.item.group = match config.rows > 0 || config.blank_lines {
                    true => format!("{}, recording {number}", found.below),
                    false => found.below.clone(),
                };
            }
            ready.labelled.item.name = place;
            made.spool.push(&ready.values)?;
            made.items.push(ready.labelled);
            made.events.push(ready.events);
        }
        Err(message) => made.problems.add(place, message),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
