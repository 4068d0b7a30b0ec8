//! JSON lines: one recording a line, such as `{"gesture": "wing", "name": "anna", "accel_ms2_xyz": [[1, 2, 3], …]}`.
//!
//! Files are read line by line, so a set may be larger than memory allows for its text. Every problem is reported
//! with its file and line, [`crate::MAX_PROBLEMS`] of them in full, rather than the first alone.

mod parse;
mod write;

pub use write::{save, write};

use crate::{DataError, Problems, Provenance, Recordings};
use parse::Parser;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The longest line that is read. A recording of an hour at 100 Hz and three axes needs about 10 MiB.
pub const MAX_LINE_BYTES: usize = 64 << 20;

/// The key that marks a generated recording with its seed, so that the label survives a round trip through a file.
const SEED_KEY: &str = "generated_seed";

/// What the lines look like. The default reads TensorFlow's magic-wand set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Key of the class name.
    pub label_key: String,
    /// Key of the person, device or session; empty where there is none, and then each file is a group.
    pub group_key: String,
    /// Key of the rows.
    pub values_key: String,
    /// Values in each row; 0 takes the first row's.
    pub axes: usize,
    /// Class names in the order of their numbers; empty takes the labels found, sorted.
    pub classes: Vec<String>,
    /// Rows a second.
    pub rate_hz: f32,
    /// Unit of the values, for people.
    pub unit: String,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            label_key: "gesture".into(),
            group_key: "name".into(),
            values_key: "accel_ms2_xyz".into(),
            axes: 3,
            classes: Vec::new(),
            rate_hz: 25.0,
            unit: "milli-g".into(),
        }
    }
}

/// Reads every `*.jsonl` in `dir`, in the order of their names.
///
/// # Errors
/// As [`load_files`], and [`DataError::Options`] when there is no such file.
pub fn load_dir(dir: &Path, config: &Config) -> Result<Recordings, DataError> {
    let io = |source| DataError::Io { path: dir.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        let message = format!(
            "{}: no *.jsonl file here; expected JSON lines, one recording a line, with the keys \
             \"{}\", \"{}\" and \"{}\"",
            dir.display(),
            config.label_key,
            config.group_key,
            config.values_key
        );
        return Err(DataError::Options(message));
    }
    load_files(&paths, &dir.display().to_string(), config)
}

/// Reads the files in order into one set; `source` names it in reports.
///
/// When every line carries the same `generated_seed`, the set says that it is generated; when only some do, the
/// source says how many.
///
/// # Errors
/// [`DataError::Io`] when a file cannot be read; [`DataError::Problems`] with every wrong line (not JSON, a key
/// missing, wrong number of columns, ragged rows, a value that is not a finite number, no rows, an unknown label),
/// every empty file and every class of [`Config::classes`] without a recording.
pub fn load_files(paths: &[PathBuf], source: &str, config: &Config) -> Result<Recordings, DataError> {
    let mut parser = Parser::new(config);
    for path in paths {
        let io = |source| DataError::Io { path: path.clone(), source };
        let file = File::open(path).map_err(io)?;
        read(BufReader::new(file), &path.display().to_string(), &mut parser).map_err(io)?;
    }
    finish(parser, source, config)
}

/// Reads one stream of lines; `name` is its name in messages and reports.
///
/// # Errors
/// As [`load_files`].
pub fn load_reader(reader: impl BufRead, name: &str, config: &Config) -> Result<Recordings, DataError> {
    let mut parser = Parser::new(config);
    read(reader, name, &mut parser).map_err(|source| DataError::Io { path: name.into(), source })?;
    finish(parser, name, config)
}

fn read(mut reader: impl BufRead, file: &str, parser: &mut Parser<'_>) -> std::io::Result<()> {
    let group =
        Path::new(file).file_stem().map_or_else(|| file.into(), |stem| stem.to_string_lossy().into_owned());
    let mut line = Vec::new();
    let mut number = 0usize;
    let mut is_empty = true;
    loop {
        line.clear();
        number += 1;
        let limit = MAX_LINE_BYTES as u64 + 1;
        if reader.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let place = format!("{file}:{number}");
        if line.len() > MAX_LINE_BYTES {
            let message = format!(
                "the line is longer than {} MiB; expected one recording a line",
                MAX_LINE_BYTES >> 20
            );
            parser.problems.add(place, message);
            return Ok(());
        }
        let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
        if !text.is_empty() {
            is_empty = false;
            parser.line(text, &place, &group);
        }
    }
    if is_empty {
        parser.problems.add(file, "the file is empty; expected one recording a line");
    }
    Ok(())
}

fn finish(parser: Parser<'_>, source: &str, config: &Config) -> Result<Recordings, DataError> {
    let Parser { mut problems, recordings, seeds, axes, .. } = parser;
    let found: BTreeSet<&str> = recordings.iter().map(|recording| recording.label.as_str()).collect();
    let classes = if config.classes.is_empty() {
        found.iter().map(|&class| class.to_owned()).collect()
    } else {
        config.classes.clone()
    };
    // A class whose only recordings are wrong has been reported already.
    if problems.is_empty() {
        empty_classes(&classes, &found, source, &mut problems);
    }
    if !problems.is_empty() {
        return Err(DataError::Problems(problems));
    }
    let provenance = provenance(&seeds, source);
    let name = Path::new(source)
        .file_name()
        .map_or_else(|| source.into(), |name| name.to_string_lossy().into_owned());
    let (rate_hz, unit) = (config.rate_hz, config.unit.clone());
    Ok(Recordings { name, classes, axes, rate_hz, unit, provenance, recordings })
}

fn empty_classes(classes: &[String], found: &BTreeSet<&str>, source: &str, problems: &mut Problems) {
    for class in classes.iter().filter(|class| !found.contains(class.as_str())) {
        let message = format!("no recording of class \"{class}\"; add some, or take the class off the list");
        problems.add(source, message);
    }
}

fn provenance(seeds: &[Option<u64>], source: &str) -> Provenance {
    let n_generated = seeds.iter().flatten().count();
    match seeds.first() {
        Some(&Some(seed)) if seeds.iter().all(|&other| other == Some(seed)) => Provenance::Generated { seed },
        _ if n_generated == 0 => Provenance::Measured { source: source.into() },
        _ => Provenance::Measured {
            source: format!("{source}, {n_generated} of {} recordings generated", seeds.len()),
        },
    }
}

#[cfg(test)]
mod tests;
