//! Folders of WAV files, a folder for each class; other layouts by a pattern of names.
//!
//! The layout of Speech Commands (Warden, arXiv:1804.03209) is one of them: the speaker stands before `_nohash_`, and
//! `validation_list.txt` and `testing_list.txt` name the files of these parts.

use crate::files::{self, Found, Labelled, Pattern};
use crate::index::Source;
use crate::wav::{self, Channel};
use crate::{DataError, Index, Item, Part, Problems};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// How to read them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Samples a second, whatever the files have; 0 takes the first file's.
    pub rate_hz: u32,
    /// Channel of files with several.
    pub channel: Channel,
    /// Class of the recordings in `_background_noise_`; they are left out when empty.
    pub background: String,
}

/// The index of the WAV files below `dir`. Values are in ±1 of full scale.
///
/// # Errors
/// [`DataError::Problems`] with every file that is no WAV file, has no sample or whose name does not fit the pattern;
/// [`DataError::Options`] when there is no file, on a wrong pattern, and on rates that do not fit each other.
pub fn load(dir: &Path, names: &Pattern, config: &Config) -> Result<Index, DataError> {
    names.check()?;
    let (mut problems, mut items) = (Problems::default(), Vec::new());
    let lists = Lists::of(dir)?;
    let mut wavs = wav::Files::new(config.rate_hz, config.channel);
    for found in files::list(dir, &["wav", "wave"])? {
        let is_background = found.below.split('/').any(|folder| folder == "_background_noise_");
        if is_background && config.background.is_empty() {
            continue;
        }
        match add(&found, names, &mut wavs) {
            Ok(mut made) => {
                if let Some(lists) = &lists {
                    made.item.part = made.item.part.or(Some(lists.part(&found.below)));
                }
                if is_background {
                    made.label.clone_from(&config.background);
                }
                items.push(made);
            }
            Err(message) => problems.add(found.path.display().to_string(), message),
        }
    }
    if !problems.is_empty() {
        return Err(DataError::Problems(problems));
    }
    let rate_hz = wavs.rate_hz as f32;
    Ok(files::index(dir, items, rate_hz, (vec![1], "full scale"), Source::Wav(wavs)))
}

/// The files of the parts, as Speech Commands lists them.
struct Lists {
    validation: BTreeSet<String>,
    testing: BTreeSet<String>,
}

impl Lists {
    /// The lists in `dir`, where there is one.
    fn of(dir: &Path) -> Result<Option<Self>, DataError> {
        let read = |name: &str| {
            let path = dir.join(name);
            match std::fs::read_to_string(&path) {
                Ok(text) => Ok(Some(text.lines().map(|line| line.trim().to_owned()).collect())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(source) => Err(DataError::Io { path, source }),
            }
        };
        let (validation, testing) = (read("validation_list.txt")?, read("testing_list.txt")?);
        let there = validation.is_some() || testing.is_some();
        let lists =
            || Lists { validation: validation.unwrap_or_default(), testing: testing.unwrap_or_default() };
        Ok(there.then(lists))
    }

    fn part(&self, below: &str) -> Part {
        match below {
            below if self.testing.contains(below) => Part::Test,
            below if self.validation.contains(below) => Part::Validation,
            _ => Part::Train,
        }
    }
}

fn add(found: &Found, names: &Pattern, wavs: &mut wav::Files) -> Result<Labelled, String> {
    let named = names.of(found)?;
    let label = named.label.ok_or("the pattern of names has no {label}; add it")?;
    let header = wav::header(&found.path)?;
    if header.frames == 0 {
        return Err("it has no samples; record it again, or take it out".into());
    }
    if wavs.rate_hz == 0 {
        wavs.rate_hz = header.rate_hz;
    }
    let (place, rows) = wavs.add(&found.path, header).map_err(|error| error.to_string())?;
    let stem = found.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let group = named.group.or_else(|| wav::speaker(&stem).map(str::to_owned)).unwrap_or(found.below.clone());
    let (name, part) = (found.path.display().to_string(), named.part);
    Ok(Labelled { label, item: Item { name, group, part, rows, place, ..Item::default() } })
}

#[cfg(test)]
mod tests;
