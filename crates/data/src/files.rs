//! The files of a folder in a fixed order, and what their names say about what is in them.

use crate::{DataError, Index, Item, Part};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Most files of one set.
const MAX_FILES: usize = 10_000_000;

/// Deepest folder below the set's own.
const MAX_DEPTH: usize = 16;

/// A file of a set.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its path below the set's folder, with `/` between folders.
    pub(crate) below: String,
}

/// All files below `dir` with one of the extensions (all where there is none), in the order of their paths; hidden ones are passed over. A
/// file in place of a folder is the only one.
pub(crate) fn list(dir: &Path, extensions: &[&str]) -> Result<Vec<Found>, DataError> {
    let mut found = Vec::new();
    if dir.is_file() {
        let below = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        return Ok(vec![Found { path: dir.to_owned(), below }]);
    }
    walk(dir, "", 0, extensions, &mut found)?;
    found.sort_by(|a, b| a.below.cmp(&b.below));
    if found.is_empty() {
        let wanted = extensions.join(", .");
        return Err(DataError::Options(format!(
            "{}: no .{wanted} file here or in its folders",
            dir.display()
        )));
    }
    Ok(found)
}

fn walk(
    dir: &Path,
    below: &str,
    depth: usize,
    wanted: &[&str],
    found: &mut Vec<Found>,
) -> Result<(), DataError> {
    let io = |source| DataError::Io { path: dir.to_owned(), source };
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let entry = entry.map_err(io)?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        let below = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if path.is_dir() {
            if depth < MAX_DEPTH {
                walk(&path, &below, depth + 1, wanted, found)?;
            }
        } else if wanted.is_empty() || wanted.iter().any(|extension| has_extension(&name, extension)) {
            found.push(Found { path, below });
            if found.len() > MAX_FILES {
                return Err(DataError::Options(format!("{}: more than {MAX_FILES} files", dir.display())));
            }
        }
    }
    Ok(())
}

fn has_extension(name: &str, extension: &str) -> bool {
    let tail = name.len().checked_sub(extension.len() + 1).and_then(|at| name.get(at..));
    tail.is_some_and(|tail| tail.starts_with('.') && tail[1..].eq_ignore_ascii_case(extension))
}

/// What a file's path says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Named {
    pub(crate) label: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) part: Option<Part>,
}

/// How to read a path below the set's folder, without its extension: `{label}`, `{group}` and `{part}` take text
/// between the fixed pieces, `{}` takes text that says nothing. `{label}/{}` is a folder for each class,
/// `{label}_{group}_{}` a name such as `7_theo_12`. Each but the last takes as little as fits. An empty pattern takes
/// the innermost folder as the label, or the whole name where there is no folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(pub String);

impl Pattern {
    /// What the pattern finds in `below`; `None` where it does not fit.
    pub(crate) fn read(&self, below: &str) -> Option<Named> {
        let stem =
            below.rsplit_once('.').map_or(below, |(stem, _)| if stem.is_empty() { below } else { stem });
        if self.0.is_empty() {
            let label =
                stem.rsplit_once('/').map_or(stem, |(folder, _)| folder.rsplit('/').next().unwrap_or(folder));
            return Some(Named { label: Some(label.to_owned()), ..Named::default() });
        }
        let mut named = Named::default();
        let (mut pattern, mut rest) = (self.0.as_str(), stem);
        while let Some(open) = pattern.find('{') {
            rest = rest.strip_prefix(&pattern[..open])?;
            let (name, after) = pattern[open + 1..].split_once('}')?;
            let fixed = &after[..after.find('{').unwrap_or(after.len())];
            let end = match (fixed, after.contains('{')) {
                ("", _) => rest.len(),
                (fixed, true) => rest.find(fixed)?,
                (fixed, false) => rest.strip_suffix(fixed)?.len(),
            };
            let value = rest.get(..end).filter(|value| !value.is_empty())?.to_owned();
            match name {
                "label" => named.label = Some(value),
                "group" => named.group = Some(value),
                "part" => named.part = part(&value),
                _ => {}
            }
            (pattern, rest) = (after, &rest[end..]);
        }
        (rest == pattern).then_some(named)
    }

    /// Refuses a pattern with an unknown or unclosed place.
    pub(crate) fn check(&self) -> Result<(), DataError> {
        let mut pattern = self.0.as_str();
        while let Some((_, after)) = pattern.split_once('{') {
            let (name, rest) = after.split_once('}').unwrap_or((after, ""));
            if !["label", "group", "part", ""].contains(&name) || !after.contains('}') {
                let message =
                    format!("names = \"{}\": expected {{label}}, {{group}}, {{part}} or {{}}", self.0);
                return Err(DataError::Options(message));
            }
            pattern = rest;
        }
        Ok(())
    }

    /// As [`Pattern::read`], with a message where it does not fit.
    pub(crate) fn of(&self, found: &Found) -> Result<Named, String> {
        self.read(&found.below).ok_or_else(|| {
            format!("the name does not fit names = \"{}\"; correct the pattern or the name", self.0)
        })
    }
}

/// The part that a folder or column names, in the words that sets use.
pub(crate) fn part(word: &str) -> Option<Part> {
    match word.to_ascii_lowercase().as_str() {
        "train" | "training" => Some(Part::Train),
        "val" | "valid" | "validation" | "dev" => Some(Part::Validation),
        "test" | "testing" => Some(Part::Test),
        _ => None,
    }
}

/// An item with its class by name.
#[derive(Debug)]
pub(crate) struct Labelled {
    pub(crate) label: String,
    pub(crate) item: Item,
}

/// Numbers the classes by the order of their names.
pub(crate) fn number(items: Vec<Labelled>) -> (Vec<String>, Vec<Item>) {
    let names: BTreeSet<&str> = items.iter().map(|labelled| labelled.label.as_str()).collect();
    let classes: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let of = |labelled: Labelled| {
        let label = classes.binary_search(&labelled.label).unwrap_or(0);
        Item { label, ..labelled.item }
    };
    let items = items.into_iter().map(of).collect();
    (classes, items)
}

/// The last name of `path`: the name of the set, the same on every machine.
pub(crate) fn set_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.or_else(|| {
        let whole = path.canonicalize().ok()?;
        Some(whole.file_name()?.to_string_lossy().into_owned())
    })
    .unwrap_or_else(|| "data".into())
}

/// An index without spans or missing values.
pub(crate) fn index(
    path: &Path,
    items: Vec<Labelled>,
    rate_hz: f32,
    row: (Vec<usize>, &str),
    source: crate::index::Source,
) -> Index {
    let (classes, items) = number(items);
    let name = set_name(path);
    Index {
        provenance: crate::Provenance::Measured { source: name.clone() },
        name,
        classes,
        row_shape: row.0,
        axes: Vec::new(),
        rate_hz,
        unit: row.1.to_owned(),
        items,
        missing: crate::Missing::default(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(pattern: &str, below: &str) -> Option<(String, String, Option<Part>)> {
        let named = Pattern(pattern.into()).read(below)?;
        Some((named.label.unwrap_or_default(), named.group.unwrap_or_default(), named.part))
    }

    #[test]
    fn names_are_read_by_their_pattern() {
        let is = |label: &str, group: &str, part| Some((label.into(), group.into(), part));
        assert_eq!(named("", "yes/a.wav"), is("yes", "", None));
        assert_eq!(named("", "train/yes/a.wav"), is("yes", "", None));
        assert_eq!(named("", "circ.csv"), is("circ", "", None));
        assert_eq!(named("{label}_{group}_{}", "7_theo_12.wav"), is("7", "theo", None));
        assert_eq!(named("{}_{label}", "2025-06-15T192744_snake.npy"), is("snake", "", None));
        let part = Some(Part::Train);
        assert_eq!(named("{part}__{label}__{group}", "training__Lift__5v.csv"), is("Lift", "5v", part));
        assert_eq!(named("{part}/{label}", "train/Revelio.csv"), is("Revelio", "", part));
        assert_eq!(named("{label}.{}", "wing.json.3k2.json"), is("wing", "", None));
        assert_eq!(named("{label}_{group}", "plain.wav"), None);
        assert_eq!(named("x{label}y", "xay.wav"), is("a", "", None));
        assert_eq!(named("x{label}z", "xay.wav"), None);
    }

    #[test]
    fn wrong_patterns_are_refused() {
        for wrong in ["{lable}", "{label", "{label}_{person}"] {
            let text = Pattern(wrong.into()).check().unwrap_err().to_string();
            assert!(text.contains("expected {label}"), "{text}");
        }
        assert!(Pattern("{part}/{label}_{}".into()).check().is_ok());
    }

    #[test]
    fn files_come_in_order_and_hidden_ones_do_not() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("b")).unwrap();
        for name in ["b/2.WAV", "b/1.wav", "a.wav", ".hidden.wav", "c.txt"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let below: Vec<String> = list(dir.path(), &["wav"]).unwrap().into_iter().map(|f| f.below).collect();
        assert_eq!(below, ["a.wav", "b/1.wav", "b/2.WAV"]);
        assert!(list(dir.path(), &["npy"]).unwrap_err().to_string().contains("no .npy file"));
    }
}
