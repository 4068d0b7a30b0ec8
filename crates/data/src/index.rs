//! What a loader knows of a set before it reads a value, and the way to the values.
//!
//! An index holds a few numbers for each item; values are read where they lie, when they are asked for. So a set may
//! be larger than the memory.

use crate::element::{Element, Stored};
use crate::spool::Spool;
use crate::{DataError, Object, Part, Provenance, Recordings, wav};
use serde::Serialize;
use std::ops::Range;

/// Rows of an item with a class of their own, as events and label windows have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The rows.
    pub rows: Range<usize>,
    /// Position in [`Index::classes`].
    pub label: usize,
}

/// A recording or an image.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item {
    /// File and place in it, for messages.
    pub name: String,
    /// Position in [`Index::classes`], outside of [`Item::spans`].
    pub label: usize,
    /// Rows of another class, in order.
    pub spans: Vec<Span>,
    /// What is where in an image.
    pub objects: Vec<Object>,
    /// Person, device, speaker or session; the item's own name where nothing is known.
    pub group: String,
    /// The part that the makers of the set gave it.
    pub part: Option<Part>,
    /// Rows: samples in time, or lines of an image.
    pub rows: usize,
    /// Where its values begin: a number that only the source understands.
    pub(crate) place: u64,
}

/// Missing values that a loader met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Missing {
    /// Values that were not there.
    pub values: usize,
    /// Rows left out for it.
    pub dropped_rows: usize,
}

/// What becomes of items whose class is not in a list of classes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Other {
    /// They are an error.
    #[default]
    Refuse,
    /// They are left out.
    Drop,
    /// They become items of this class.
    Class(String),
}

impl Other {
    /// The number of `class` among `classes`; `None` where what is of it is left out.
    ///
    /// # Errors
    /// A class that is not among them and has no other way.
    pub(crate) fn number(&self, class: &str, classes: &[String]) -> Result<Option<usize>, String> {
        let number = |class: &str| classes.iter().position(|known| known == class);
        match (number(class), self) {
            (Some(known), _) => Ok(Some(known)),
            (None, Other::Drop) => Ok(None),
            (None, Other::Class(name)) => number(name)
                .map(Some)
                .ok_or_else(|| format!("other_classes = \"{name}\" is not in the list of classes")),
            (None, Other::Refuse) => {
                Err(format!("class \"{class}\" is not in the list of classes; add it, or set other_classes"))
            }
        }
    }
}

/// All items of a set.
#[derive(Debug)]
pub struct Index {
    /// Name of the set.
    pub name: String,
    /// Class names; a label's position is its number.
    pub classes: Vec<String>,
    /// Extents of a row: `[axes]` of a signal, `[width, channels]` of an image.
    pub row_shape: Vec<usize>,
    /// Names of the axes; empty where nobody says.
    pub axes: Vec<String>,
    /// Rows a second; 0 for images and where nobody says.
    pub rate_hz: f32,
    /// Unit of the values, for people.
    pub unit: String,
    /// Where the set comes from.
    pub provenance: Provenance,
    /// The items in the order of their files.
    pub items: Vec<Item>,
    /// What was missing.
    pub missing: Missing,
    pub(crate) source: Source,
}

/// Where values lie.
#[derive(Debug)]
pub(crate) enum Source {
    Spool(Spool),
    Wav(wav::Files),
}

impl Index {
    /// Values of a row.
    pub fn row_len(&self) -> usize {
        self.row_shape.iter().product()
    }

    /// Whether items are images.
    pub fn is_images(&self) -> bool {
        self.row_shape.len() == 2
    }

    /// Reads rows of item `item` from `first_row` on into `out`, which holds whole rows.
    ///
    /// # Errors
    /// Rows that the item has not, a file that changed or cannot be read any more.
    pub fn read(&self, item: usize, first_row: usize, out: &mut [f32]) -> Result<(), DataError> {
        let row_len = self.row_len().max(1);
        let n_rows = out.len() / row_len;
        let Some(entry) = self.items.get(item).filter(|entry| {
            out.len().is_multiple_of(row_len)
                && first_row.checked_add(n_rows).is_some_and(|end| end <= entry.rows)
        }) else {
            let message =
                format!("{}: item {item} has no rows {first_row} to {}", self.name, first_row + n_rows);
            return Err(DataError::Options(message));
        };
        let at = entry.place + (first_row * row_len) as u64;
        match &self.source {
            Source::Spool(spool) => spool.read(at, out),
            Source::Wav(files) => files.read(entry.place, first_row, out),
        }
    }

    /// All values of item `item`, `[rows, row]`.
    ///
    /// # Errors
    /// As [`Index::read`].
    pub fn values(&self, item: usize) -> Result<Vec<f32>, DataError> {
        let rows = self.items.get(item).map_or(0, |entry| entry.rows);
        let mut values = vec![0.0; rows * self.row_len()];
        self.read(item, 0, &mut values)?;
        Ok(values)
    }

    /// Items of each class, in the order of the class numbers.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for item in &self.items {
            if let Some(count) = counts.get_mut(item.label) {
                *count += 1;
            }
        }
        counts
    }

    /// Numbers the classes anew in the order of `classes`; an empty list changes nothing. Items and events of other
    /// classes are left out or become one of the list, as `other` says.
    ///
    /// # Errors
    /// [`DataError::Options`] when an item's class is not in the list and `other` is [`Other::Refuse`], when `other` is
    /// not in the list, and when a class of the list has no item.
    pub fn choose_classes(&mut self, classes: &[String], other: &Other) -> Result<(), DataError> {
        if classes.is_empty() {
            return Ok(());
        }
        let wrong = |message: String| DataError::Options(format!("{}: {message}", self.name));
        let new: Vec<Option<usize>> = self
            .classes
            .iter()
            .map(|class| other.number(class, classes))
            .collect::<Result<_, _>>()
            .map_err(wrong)?;
        if let Some(class) = (0..classes.len()).find(|&at| !new.contains(&Some(at))) {
            let known = self.classes.join(", ");
            return Err(wrong(format!("no item of class \"{}\"; the classes are {known}", classes[class])));
        }
        let renumber = |label: &mut usize| match new.get(*label) {
            Some(&Some(known)) => {
                *label = known;
                true
            }
            _ => false,
        };
        self.items.retain_mut(|item| renumber(&mut item.label));
        self.items.iter_mut().for_each(|item| item.spans.retain_mut(|span| renumber(&mut span.label)));
        self.classes = classes.to_vec();
        Ok(())
    }
}

impl TryFrom<Recordings> for Index {
    type Error = DataError;

    /// The recordings as an index that holds their values.
    fn try_from(set: Recordings) -> Result<Self, DataError> {
        let mut problems = crate::Problems::default();
        let mut spool = Spool::new(Stored::little(Element::F32));
        let mut items = Vec::with_capacity(set.recordings.len());
        for (number, recording) in set.recordings.iter().enumerate() {
            let name = format!("{}, recording {number} ({})", set.name, recording.group);
            let label = set.classes.iter().position(|class| *class == recording.label);
            let n = recording.values.len();
            match label {
                None => problems.add(name, format!("label \"{}\" is not among the classes", recording.label)),
                Some(_) if n == 0 || set.axes == 0 || !n.is_multiple_of(set.axes) => {
                    problems.add(name, format!("{n} values, expected rows of {}", set.axes));
                }
                Some(label) => {
                    let (group, place, rows) = (recording.group.clone(), spool.len(), n / set.axes);
                    spool.push(&recording.values)?;
                    items.push(Item { name, label, group, rows, place, ..Item::default() });
                }
            }
        }
        if !problems.is_empty() {
            return Err(DataError::Problems(problems));
        }
        Ok(Index {
            axes: Vec::new(),
            name: set.name,
            classes: set.classes,
            row_shape: vec![set.axes],
            rate_hz: set.rate_hz,
            unit: set.unit,
            provenance: set.provenance,
            items,
            missing: Missing::default(),
            source: Source::Spool(spool),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recording;

    fn index() -> Index {
        let recording =
            |label: &str| Recording { label: label.into(), group: label.into(), values: vec![1.0] };
        let set = Recordings {
            name: "set".into(),
            classes: ["a", "b", "c"].map(String::from).into(),
            axes: 1,
            rate_hz: 1.0,
            unit: String::new(),
            provenance: Provenance::Generated { seed: 1 },
            recordings: ["a", "b", "c", "b"].map(recording).into(),
        };
        Index::try_from(set).unwrap()
    }

    fn chosen(classes: &[&str], other: Other) -> Result<Vec<usize>, String> {
        let mut index = index();
        let classes: Vec<String> = classes.iter().map(|&class| class.to_owned()).collect();
        index.choose_classes(&classes, &other).map_err(|error| error.to_string())?;
        Ok(index.items.iter().map(|item| item.label).collect())
    }

    #[test]
    fn classes_are_numbered_dropped_or_merged() {
        assert_eq!(chosen(&[], Other::Refuse), Ok(vec![0, 1, 2, 1]));
        assert_eq!(chosen(&["c", "b", "a"], Other::Refuse), Ok(vec![2, 1, 0, 1]));
        assert_eq!(chosen(&["c", "a"], Other::Drop), Ok(vec![1, 0]));
        assert_eq!(chosen(&["c", "a"], Other::Class("a".into())), Ok(vec![1, 1, 0, 1]));
        assert!(chosen(&["c", "a"], Other::Refuse).unwrap_err().contains("class \"b\" is not in the list"));
        assert!(chosen(&["a"], Other::Class("x".into())).unwrap_err().contains("\"x\" is not in the list"));
        assert!(chosen(&["a", "d"], Other::Drop).unwrap_err().contains("no item of class \"d\""));
    }
}
