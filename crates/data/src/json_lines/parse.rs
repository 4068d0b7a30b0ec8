//! One line to one recording, or to the problems that it has.

use super::{Config, SEED_KEY};
use crate::{Problems, Recording};
use serde_json::{Map, Value};

/// Collects recordings and problems over lines and files.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    config: &'a Config,
    /// Values in each row; 0 until the first row is seen.
    pub(super) axes: usize,
    /// What was right.
    pub(super) recordings: Vec<Recording>,
    /// The seed of each recording that says it is generated.
    pub(super) seeds: Vec<Option<u64>>,
    /// What was wrong.
    pub(super) problems: Problems,
}

impl<'a> Parser<'a> {
    pub(super) fn new(config: &'a Config) -> Self {
        let (recordings, seeds, problems) = (Vec::new(), Vec::new(), Problems::default());
        Parser { config, axes: config.axes, recordings, seeds, problems }
    }

    /// Takes a line that is not blank. `place` is `file:line`; `file_group` is the group where no key gives one.
    pub(super) fn line(&mut self, text: &[u8], place: &str, file_group: &str) {
        match self.recording(text, file_group) {
            Ok((recording, seed)) => {
                self.recordings.push(recording);
                self.seeds.push(seed);
            }
            Err(message) => self.problems.add(place, message),
        }
    }

    fn recording(&mut self, text: &[u8], file_group: &str) -> Result<(Recording, Option<u64>), String> {
        let value: Value = serde_json::from_slice(text).map_err(|error| not_json(text, &error))?;
        let Value::Object(record) = value else {
            return Err(format!("expected a JSON object, found {}", kind(&value)));
        };
        let label = string(&record, &self.config.label_key)?;
        if !self.config.classes.is_empty() && !self.config.classes.contains(&label) {
            let known = self.config.classes.join(", ");
            return Err(format!("unknown label \"{label}\"; the classes are {known}"));
        }
        let group = match self.config.group_key.as_str() {
            "" => file_group.to_owned(),
            key => string(&record, key)?,
        };
        let seed = record.get(SEED_KEY).and_then(Value::as_u64);
        let values = self.rows(&record)?;
        Ok((Recording { label, group, values }, seed))
    }

    fn rows(&mut self, record: &Map<String, Value>) -> Result<Vec<f32>, String> {
        let key = &self.config.values_key;
        let rows = match record.get(key) {
            None => return Err(missing(key, record)),
            Some(Value::Array(rows)) => rows,
            Some(other) => {
                return Err(format!("\"{key}\": expected an array of rows, found {}", kind(other)));
            }
        };
        if rows.is_empty() {
            return Err(format!("\"{key}\": the recording has no rows"));
        }
        let mut values = Vec::with_capacity(rows.len() * self.axes);
        let mut n_columns = None;
        for (number, row) in rows.iter().enumerate() {
            let Value::Array(row) = row else {
                return Err(format!(
                    "\"{key}\" row {number}: expected an array of numbers, found {}",
                    kind(row)
                ));
            };
            match n_columns {
                Some(n) if n != row.len() => {
                    return Err(format!(
                        "\"{key}\" row {number}: ragged, {} values after rows of {n}",
                        row.len()
                    ));
                }
                _ => n_columns = Some(row.len()),
            }
            if row.is_empty() || (self.axes != 0 && row.len() != self.axes) {
                let expected = if self.axes == 0 { "at least 1".into() } else { self.axes.to_string() };
                return Err(format!(
                    "\"{key}\" row {number}: expected {expected} columns, found {}",
                    row.len()
                ));
            }
            for (column, value) in row.iter().enumerate() {
                let number = number_of(value).map_err(|found| {
                    format!("\"{key}\" row {number} column {column}: expected a finite number, found {found}")
                })?;
                values.push(number);
            }
        }
        self.axes = n_columns.unwrap_or(self.axes);
        Ok(values)
    }
}

fn number_of(value: &Value) -> Result<f32, String> {
    match value {
        Value::Number(number) => match number.as_f64().map(|value| value as f32) {
            Some(value) if value.is_finite() => Ok(value),
            _ => Err(format!("{number}, which does not fit float32")),
        },
        other => Err(kind(other)),
    }
}

fn string(record: &Map<String, Value>, key: &str) -> Result<String, String> {
    match record.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::String(_)) => Err(format!("\"{key}\" is an empty string")),
        Some(other) => Err(format!("\"{key}\": expected a string, found {}", kind(other))),
        None => Err(missing(key, record)),
    }
}

fn missing(key: &str, record: &Map<String, Value>) -> String {
    let mut keys: Vec<String> = record.keys().take(8).map(|key| format!("\"{key}\"")).collect();
    keys.sort();
    format!(
        "no key \"{key}\"; the line has {}",
        if keys.is_empty() { "no keys".into() } else { keys.join(", ") }
    )
}

/// What the value is, in words, short.
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("the string \"{}\"", text.chars().take(20).collect::<String>()),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(_) => "an object".into(),
    }
}

/// Python writes `NaN` and `Infinity`, which JSON does not have: worth a word of its own.
fn not_json(text: &[u8], error: &serde_json::Error) -> String {
    let at = error.column().saturating_sub(2);
    let near = String::from_utf8_lossy(text.get(at..(at + 12).min(text.len())).unwrap_or_default());
    if ["NaN", "nan", "Inf", "inf"].iter().any(|word| near.contains(word)) {
        return format!("column {}: NaN or infinity; expected a finite number", error.column());
    }
    format!("not valid JSON: {error}")
}
