//! The project's recordings as windows in three parts, and what a report says about them.

use std::path::Path;

use smidgen_data::{Dataset, Provenance, Recordings, Split, gesture, json_lines, split, window};
use smidgen_report as report;

use crate::project::{Project, Source};
use crate::{Error, Result};

/// Windows in three parts.
#[derive(Debug, Clone)]
pub struct Windows {
    /// The parts.
    pub split: Split,
    /// What a report says about them.
    pub summary: report::DataSummary,
    /// Values in each row.
    pub axes: usize,
    /// What the user should know: groups or samples in more than one part.
    pub warnings: Vec<String>,
}

impl Windows {
    /// A name of what training sees, in hexadecimal: shape, values and labels of the windows to train and to judge
    /// with (FNV-1a with 64 bits).
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |bytes: &[u8]| {
            for &byte in bytes {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        for part in [&self.split.train, &self.split.validation] {
            add(&(part.samples.len() as u64).to_le_bytes());
            part.shape.iter().for_each(|&extent| add(&(extent as u64).to_le_bytes()));
            for sample in &part.samples {
                add(&(sample.label as u64).to_le_bytes());
                sample.values.iter().for_each(|value| add(&value.to_le_bytes()));
            }
        }
        format!("{hash:016x}")
    }
}

/// The project's recordings; paths are relative to its folder `dir`.
///
/// # Errors
/// What is wrong with the files, every place listed.
pub fn recordings(project: &Project, dir: &Path) -> Result<Recordings> {
    let data = &project.data;
    match (data.source, &data.path) {
        (Source::Generated, _) => {
            let config = gesture::Config {
                seed: project.project.seed,
                n_people: data.generated.people,
                n_repeats: data.generated.repeats,
                n_negatives: data.generated.negatives,
            };
            gesture::generate(&config).map_err(|error| data_error(&error))
        }
        (Source::JsonLines, Some(path)) => read_json_lines(&dir.join(path), &data.classes),
        (Source::JsonLines, None) => Err(Error::input("data.path is missing").help("path = \"data\"")),
    }
}

/// Recordings of a `.jsonl` file or of a folder of them.
///
/// # Errors
/// As [`recordings`].
pub fn read_json_lines(path: &Path, classes: &[String]) -> Result<Recordings> {
    let config = json_lines::Config { classes: classes.to_vec(), ..json_lines::Config::default() };
    if !path.exists() {
        return Err(Error::input("there is no such file or folder").at(path.display()).help(
            "name a .jsonl file or a folder of them; one recording a line: \
             {\"gesture\": \"wing\", \"name\": \"anna\", \"accel_ms2_xyz\": [[x, y, z], …]}",
        ));
    }
    let read = if path.is_dir() {
        json_lines::load_dir(path, &config)
    } else {
        json_lines::load_files(&[path.to_owned()], &path.display().to_string(), &config)
    };
    let mut set = read.map_err(|error| data_error(&error))?;
    // Reports are the same on every machine: they name the data, not where it lies.
    if let (Provenance::Measured { source }, Some(name)) = (&mut set.provenance, path.file_name()) {
        *source = source.replacen(&path.display().to_string(), &name.to_string_lossy(), 1);
    }
    Ok(set)
}

/// Cuts and divides the project's recordings.
///
/// # Errors
/// As [`recordings`], and a part without one of the classes.
pub fn windows(project: &Project, dir: &Path) -> Result<Windows> {
    let recordings = recordings(project, dir)?;
    let config = window::Config {
        length: project.features.window,
        scale: project.features.scale,
        ..window::Config::default()
    };
    let set = window::windows(&recordings, &config).map_err(|error| data_error(&error))?;
    let (split, warnings) = split::split(&set, &project.data.split).map_err(|error| data_error(&error))?;
    let summary = summary(project, &recordings, &set, &split);
    Ok(Windows { split, summary, axes: recordings.axes, warnings })
}

pub(crate) fn data_error(error: &smidgen_data::DataError) -> Error {
    Error::input(error).help("correct the data or the project file; smidgen data inspect shows what is there")
}

fn summary(project: &Project, recordings: &Recordings, set: &Dataset, split: &Split) -> report::DataSummary {
    let provenance = match &set.provenance {
        Provenance::Generated { seed } => report::Provenance::Generated { seed: *seed },
        Provenance::Measured { source } => report::Provenance::Measured { source: source.clone() },
    };
    let parts = split.parts().map(|(name, part)| report::SplitSummary {
        name: name.into(),
        groups: part.group_counts().keys().map(|&group| group.to_owned()).collect(),
        windows: part.class_counts(),
    });
    report::DataSummary {
        name: recordings.name.clone(),
        provenance,
        notes: project.data.notes.clone(),
        classes: set.classes.clone(),
        shape: set.shape.clone(),
        splits: parts.into(),
    }
}
