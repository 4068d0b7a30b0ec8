//! Exports of Edge Impulse: a JSON file for each recording, in the data acquisition format.
//!
//! `{"payload": {"interval_ms": 16, "sensors": [{"name": "accX", "units": "m/s2"}, …], "values": [[…], …]}}`; a
//! signature around it is not checked. The class is what the export's `info.labels`
//! says, else the file name up to its first point; the folders `training` and `testing` are parts.

use crate::collection::Collection;
use crate::element::{Element, Stored};
use crate::files::{self, Found, Named};
use crate::{DataError, Index};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Largest file: an hour of six axes at 100 Hz takes 30 MiB.
const MAX_BYTES: u64 = 1 << 29;

#[derive(Deserialize)]
struct Acquisition {
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    interval_ms: f64,
    sensors: Vec<Sensor>,
    values: Vec<Row>,
}

#[derive(Deserialize)]
struct Sensor {
    #[serde(default)]
    units: String,
}

/// A row of several axes, or a number where there is one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Row {
    Axes(Vec<f32>),
    One(f32),
}

#[derive(Deserialize)]
struct Labels {
    files: Vec<LabelledFile>,
}

#[derive(Deserialize)]
struct LabelledFile {
    path: String,
    label: Label,
}

#[derive(Deserialize)]
struct Label {
    #[serde(default)]
    label: String,
}

/// The index of the `.json` files below `dir`. A recording's group is its file: the export does not say who recorded it.
///
/// # Errors
/// [`DataError::Problems`] with every file that is not in the format, has no values, or has other axes or another
/// interval than the first.
pub fn load(dir: &Path) -> Result<Index, DataError> {
    let mut made = Collection::new(Stored::little(Element::F32));
    let labels = labels(dir, &mut made);
    let mut first: Option<(f64, String)> = None;
    for found in files::list(dir, &["json"])? {
        let place = found.path.display().to_string();
        match read(&found) {
            Ok((payload, shape, values)) => {
                let units = payload.sensors.first().map(|sensor| sensor.units.clone()).unwrap_or_default();
                let (interval_ms, _) = first.get_or_insert((payload.interval_ms, units));
                if (payload.interval_ms - *interval_ms).abs() > 1e-3 * interval_ms.abs() {
                    let message =
                        format!("interval_ms {}, the files before have {interval_ms}", payload.interval_ms);
                    made.problems.add(place, message);
                    continue;
                }
                let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                made.push(place, named(&found, &labels), &shape, &bytes)?;
            }
            Err(message) => made.problems.add(place, message),
        }
    }
    let (interval_ms, units) = first.unwrap_or_default();
    let rate_hz = if interval_ms > 0.0 { (1000.0 / interval_ms) as f32 } else { 0.0 };
    made.finish(dir, rate_hz, &units)
}

/// Labels by path from `info.labels`, where the export has one.
fn labels(dir: &Path, made: &mut Collection) -> BTreeMap<String, String> {
    let path = dir.join("info.labels");
    let Ok(text) = std::fs::read_to_string(&path) else { return BTreeMap::new() };
    match serde_json::from_str::<Labels>(&text) {
        Ok(labels) => labels.files.into_iter().map(|file| (file.path, file.label.label)).collect(),
        Err(error) => {
            made.problems.add(path.display().to_string(), error.to_string());
            BTreeMap::new()
        }
    }
}

fn named(found: &Found, labels: &BTreeMap<String, String>) -> Named {
    let name = found.below.rsplit('/').next().unwrap_or(&found.below);
    let by_name = name.split('.').next().unwrap_or(name).to_owned();
    let label = labels.get(&found.below).filter(|label| !label.is_empty()).cloned().unwrap_or(by_name);
    Named { label: Some(label), group: None, part: found.below.split('/').find_map(files::part) }
}

fn read(found: &Found) -> Result<(Payload, Vec<usize>, Vec<f32>), String> {
    let len = found.path.metadata().map_err(|error| error.to_string())?.len();
    if len > MAX_BYTES {
        return Err(format!("{len} bytes are more than {MAX_BYTES}; cut the recording"));
    }
    let bytes = std::fs::read(&found.path).map_err(|error| error.to_string())?;
    let Acquisition { mut payload } = serde_json::from_slice(&bytes)
        .map_err(|error| format!("not in the data acquisition format: {error}"))?;
    let axes = payload.sensors.len();
    let interval_ms = payload.interval_ms;
    if axes == 0 || !(interval_ms.is_finite() && interval_ms > 0.0) {
        return Err(format!(
            "{axes} sensors, interval_ms {interval_ms}; expected some and a positive interval"
        ));
    }
    let mut values = Vec::with_capacity(payload.values.len() * axes);
    for (number, row) in std::mem::take(&mut payload.values).into_iter().enumerate() {
        let row = match row {
            Row::Axes(row) => row,
            Row::One(value) => vec![value],
        };
        if row.len() != axes || !row.iter().all(|value| value.is_finite()) {
            return Err(format!("values row {number}: {} values, expected {axes} numbers", row.len()));
        }
        values.extend(row);
    }
    Ok((payload, vec![values.len() / axes, axes], values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Part;

    fn file(values: &str, interval: &str) -> String {
        format!(
            r#"{{"protected": {{"ver": "v1"}}, "signature": "00", "payload": {{"device_type": "X", "interval_ms": {interval},
            "sensors": [{{"name": "accX", "units": "m/s2"}}, {{"name": "accY", "units": "m/s2"}}], "values": {values}}}}}"#
        )
    }

    fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn an_export_has_parts_rate_and_unit() {
        let dir = folder(&[
            ("training/wing.3k2.json", file("[[1, 2], [3, 4]]", "20")),
            ("testing/ring.3k3.json", file("[[5, 6]]", "20")),
        ]);
        let index = load(dir.path()).unwrap();
        assert_eq!((index.rate_hz, index.unit.as_str(), index.row_len()), (50.0, "m/s2", 2));
        let items: Vec<_> =
            index.items.iter().map(|i| (index.classes[i.label].as_str(), i.part, i.rows)).collect();
        assert_eq!(items, [("ring", Some(Part::Test), 1), ("wing", Some(Part::Train), 2)]);
        assert_eq!(index.values(1).unwrap(), [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn wrong_files_are_named() {
        let dir = folder(&[
            ("a.json", "{}".into()),
            ("b.json", file("[[1, 2], [3]]", "20")),
            ("c.json", file("[[1, 2]]", "0")),
            ("d.json", file("[[1, 2]]", "20")),
            ("e.json", file("[[1, 2]]", "30")),
            ("f.json", file("[]", "20")),
        ]);
        let text = load(dir.path()).unwrap_err().to_string();
        for part in [
            "a.json: not in the data acquisition format",
            "b.json: values row 1: 1 values, expected 2",
            "c.json: 2 sensors, interval_ms 0",
            "e.json: interval_ms 30, the files before have 20",
            "f.json: it is empty",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
