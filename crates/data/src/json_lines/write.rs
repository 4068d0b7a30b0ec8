//! Recordings to JSON lines that [`super::load_files`] reads back to the same values.

use super::{Config, SEED_KEY};
use crate::{DataError, Provenance, Recordings};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes the set to `path`, one recording a line.
///
/// # Errors
/// [`DataError::Io`] when the file cannot be written.
pub fn save(set: &Recordings, path: &Path, config: &Config) -> Result<(), DataError> {
    let io = |source| DataError::Io { path: path.to_owned(), source };
    let mut file = BufWriter::new(File::create(path).map_err(io)?);
    write(set, &mut file, config).and_then(|()| file.flush()).map_err(io)
}

/// Writes the set to `writer`, one recording a line, under the keys of `config`. A generated set carries its seed on
/// every line. Without a group key the groups are lost.
///
/// # Errors
/// What the writer says.
pub fn write(set: &Recordings, writer: &mut impl Write, config: &Config) -> io::Result<()> {
    for recording in &set.recordings {
        let mut line = Map::new();
        line.insert(config.label_key.clone(), recording.label.as_str().into());
        if !config.group_key.is_empty() {
            line.insert(config.group_key.clone(), recording.group.as_str().into());
        }
        if let Provenance::Generated { seed } = set.provenance {
            line.insert(SEED_KEY.into(), seed.into());
        }
        let rows = recording.values.chunks(set.axes.max(1));
        let rows: Vec<Value> = rows.map(|row| row.iter().map(|&value| number(value)).collect()).collect();
        line.insert(config.values_key.clone(), rows.into());
        serde_json::to_writer(&mut *writer, &line)?;
        writer.write_all(b"\n")?;
    }
    Ok(())
}

/// Whole numbers without a fraction: sensors count, and the file is a third smaller.
fn number(value: f32) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e9 && (value != 0.0 || value.is_sign_positive()) {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}
