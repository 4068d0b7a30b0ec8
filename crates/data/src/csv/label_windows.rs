//! Stretches of time with a class of their own, from a file beside the data.

use super::Config;
use super::table::Row;
use crate::files::Found;
use crate::{DataError, times};
use std::collections::BTreeMap;
use std::path::Path;

/// Largest file that is read.
const MAX_BYTES: u64 = 64 << 20;

/// Begin and end (s) of the windows of each file, by its name without folders.
#[derive(Debug, Default)]
pub(super) struct LabelWindows(BTreeMap<String, Vec<[f64; 2]>>);

impl LabelWindows {
    /// The windows that the options name; none without.
    pub(super) fn read(dir: &Path, config: &Config) -> Result<Self, DataError> {
        if config.label_windows.is_empty() {
            return Ok(LabelWindows::default());
        }
        let beside = if dir.is_dir() { dir } else { dir.parent().unwrap_or(dir) };
        let path = beside.join(&config.label_windows);
        let io = |source| DataError::Io { path: path.clone(), source };
        let wrong = |message: String| DataError::Options(format!("{}: {message}", path.display()));
        if path.metadata().map_err(io)?.len() > MAX_BYTES {
            return Err(wrong(format!("more than {MAX_BYTES} bytes")));
        }
        let text = std::fs::read(&path).map_err(io)?;
        let found: BTreeMap<String, Vec<[String; 2]>> = serde_json::from_slice(&text)
            .map_err(|error| wrong(format!("expected {{\"file.csv\": [[begin, end], …]}}: {error}")))?;
        let mut windows = BTreeMap::new();
        for (file, stretches) in found {
            let time = |text: &String| {
                times::seconds(text, config.time_unit_s)
                    .ok_or_else(|| wrong(format!("{file}: time \"{text}\"")))
            };
            let stretches: Result<Vec<_>, _> =
                stretches.iter().map(|[begin, end]| Ok([time(begin)?, time(end)?])).collect();
            windows.insert(file.rsplit('/').next().unwrap_or(&file).to_owned(), stretches?);
        }
        Ok(LabelWindows(windows))
    }

    /// Labels the row by its time, where windows are in use.
    pub(super) fn label(&self, found: &Found, config: &Config, row: &mut Row) -> Result<(), String> {
        if config.label_windows.is_empty() {
            return Ok(());
        }
        let name = found.below.rsplit('/').next().unwrap_or(&found.below);
        let windows =
            self.0.get(name).ok_or_else(|| format!("{} does not name this file", config.label_windows))?;
        let time = row.time_s.ok_or("label_windows needs a column of times; name it with time = \"…\"")?;
        let [outside, inside] = &config.window_classes;
        let is_inside = windows.iter().any(|[begin, end]| (*begin..=*end).contains(&time));
        row.label = Some(if is_inside { inside } else { outside }.clone());
        Ok(())
    }
}
