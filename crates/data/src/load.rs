//! Every layout under one roof: which loader, with which options.

use crate::files::{self, Pattern};
use crate::index::Other;
use crate::{
    DataError, Index, Recordings, cifar, csv, edge_impulse, idx, images, json_lines, numpy, objects,
    wav_folder,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// How a set lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// A `.jsonl` file, or a folder of them, with one recording on each line.
    JsonLines,
    /// Folders of WAV files, those of Speech Commands among them.
    Wav,
    /// CSV files, a recording each, or tables.
    Csv,
    /// Folders of PNG, JPEG and BMP files.
    Images,
    /// `.npy` files or an `.npz` archive.
    Numpy,
    /// IDX files, as MNIST has them.
    Idx,
    /// The binary files of CIFAR.
    Cifar,
    /// JSON files of Edge Impulse.
    EdgeImpulse,
    /// Images with boxes around objects.
    Objects,
}

/// What arrays of NumPy do not say themselves.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Numpy {
    /// Rows a second.
    pub rate_hz: f32,
}

/// Options of all loaders.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// What the names of files say.
    pub names: Pattern,
    /// Class names in the order of their numbers; all that are found, sorted, when empty.
    pub classes: Vec<String>,
    /// What becomes of other classes: `drop`, or one of `classes`; an error when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_classes: Option<String>,
    /// Keys of JSON lines.
    pub json_lines: json_lines::Config,
    /// WAV files.
    pub wav: wav_folder::Config,
    /// CSV files.
    pub csv: csv::Config,
    /// Image files.
    pub images: images::Config,
    /// NumPy arrays.
    pub numpy: Numpy,
}

/// The index of the set at `path`.
///
/// # Errors
/// What the loader says; [`DataError::Options`] when there is nothing at `path`, or on classes that do not fit.
pub fn load(path: &Path, layout: Layout, options: &Options) -> Result<Index, DataError> {
    if !path.exists() {
        return Err(DataError::Options(format!("{}: there is no such file or folder", path.display())));
    }
    let names = &options.names;
    let other = match options.other_classes.as_deref() {
        None => Other::Refuse,
        Some("drop") => Other::Drop,
        Some(class) => Other::Class(class.to_owned()),
    };
    let mut index = match layout {
        Layout::JsonLines => {
            let mut config = options.json_lines.clone();
            if options.other_classes.is_none() && config.classes.is_empty() {
                // So that a wrong label is named with its line.
                config.classes.clone_from(&options.classes);
            }
            Index::try_from(read_json_lines(path, &config)?)?
        }
        Layout::Wav => wav_folder::load(path, names, &options.wav)?,
        Layout::Csv => csv::load(path, names, &options.csv)?,
        Layout::Images => images::load(path, names, &options.images)?,
        Layout::Numpy => numpy::load(path, names, options.numpy.rate_hz)?,
        Layout::Idx => idx::load(path)?,
        Layout::Cifar => cifar::load(path)?,
        Layout::EdgeImpulse => edge_impulse::load(path)?,
        // Its items have several classes each.
        Layout::Objects => return objects::load(path, names, &options.images, &options.classes, &other),
    };
    index.choose_classes(&options.classes, &other)?;
    Ok(index)
}

fn read_json_lines(path: &Path, config: &json_lines::Config) -> Result<Recordings, DataError> {
    let mut set = if path.is_dir() {
        json_lines::load_dir(path, config)?
    } else {
        json_lines::load_files(&[path.to_owned()], &path.display().to_string(), config)?
    };
    // Reports are the same on every machine: they name the data, not where it lies.
    if let crate::Provenance::Measured { source } = &mut set.provenance {
        *source = source.replacen(&path.display().to_string(), &files::set_name(path), 1);
    }
    Ok(set)
}

/// The layout that most files at `path` look like; `None` where no loader fits.
///
/// # Errors
/// A folder that cannot be read.
pub fn guess(path: &Path) -> Result<Option<Layout>, DataError> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    let kinds: [(Layout, &[&str]); 7] = [
        (Layout::JsonLines, &["jsonl"]),
        (Layout::Wav, &["wav", "wave"]),
        (Layout::Images, &["png", "jpg", "jpeg", "bmp"]),
        (Layout::Numpy, &["npy", "npz"]),
        (Layout::EdgeImpulse, &["json"]),
        (Layout::Cifar, &["bin"]),
        (Layout::Csv, &["csv", "tsv"]),
    ];
    for found in files::list(path, &[])? {
        let name = found.below.to_lowercase();
        if name.contains("-images") && name.contains("idx3") {
            return Ok(Some(Layout::Idx));
        }
        let of_objects = ["bounding_boxes.labels", "obj.names", "_annotations.coco.json"];
        if of_objects.iter().any(|file| name.ends_with(file)) {
            return Ok(Some(Layout::Objects));
        }
        let extension = name.rsplit('.').next().unwrap_or_default();
        if let Some(kind) = kinds.iter().position(|(_, extensions)| extensions.contains(&extension)) {
            *counts.entry(kind).or_default() += 1;
        }
    }
    let most = counts.into_iter().max_by_key(|&(kind, n)| (n, std::cmp::Reverse(kind)));
    Ok(most.and_then(|(kind, _)| kinds.get(kind)).map(|(layout, _)| *layout))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_guessed_from_the_files() {
        let guessed = |names: &[&str]| {
            let dir = tempfile::tempdir().unwrap();
            names.iter().for_each(|name| std::fs::write(dir.path().join(name), "").unwrap());
            guess(dir.path()).unwrap()
        };
        assert_eq!(guessed(&["a.wav", "b.WAV", "LICENSE.txt"]), Some(Layout::Wav));
        assert_eq!(guessed(&["t10k-images-idx3-ubyte.gz", "x.md"]), Some(Layout::Idx));
        assert_eq!(guessed(&["a.csv"]), Some(Layout::Csv));
        assert_eq!(guessed(&["a.png", "a.txt", "obj.names"]), Some(Layout::Objects));
        assert_eq!(guessed(&["LICENSE"]), None);
    }
}
