//! Items as a loader finds them one by one, until they are an index.

use crate::element::Stored;
use crate::files::{self, Labelled, Named};
use crate::index::Source;
use crate::spool::Spool;
use crate::{DataError, Index, Item, Object, Problems};
use std::path::Path;

/// Items with their values in a spool, and what was wrong.
#[derive(Debug)]
pub(crate) struct Collection {
    items: Vec<Labelled>,
    spool: Spool,
    row_shape: Vec<usize>,
    pub(crate) problems: Problems,
}

impl Collection {
    /// Nothing yet; values will be stored as `stored`.
    pub(crate) fn new(stored: Stored) -> Self {
        let (items, row_shape) = (Vec::new(), Vec::new());
        Collection { items, spool: Spool::new(stored), row_shape, problems: Problems::default() }
    }

    /// Takes an item in: `shape` is `[rows, …row]`, `bytes` its values in the stored form. An item whose rows differ
    /// from those before is a problem.
    pub(crate) fn push(
        &mut self,
        place: String,
        named: Named,
        shape: &[usize],
        bytes: &[u8],
    ) -> Result<(), DataError> {
        self.push_with(place, named, shape, bytes, Vec::new())
    }

    /// [`Collection::push`] of an image with what is in it.
    pub(crate) fn push_with(
        &mut self,
        place: String,
        named: Named,
        shape: &[usize],
        bytes: &[u8],
        objects: Vec<Object>,
    ) -> Result<(), DataError> {
        let Some((&rows, row_shape)) = shape.split_first() else { return Ok(()) };
        if self.items.is_empty() {
            self.row_shape = row_shape.to_vec();
        }
        if rows == 0 || row_shape.contains(&0) {
            self.problems.add(place, "it is empty; record it again, or take it out");
            return Ok(());
        }
        if self.row_shape != row_shape {
            let message = format!("rows of shape {row_shape:?}, those before have {:?}", self.row_shape);
            self.problems.add(place, message);
            return Ok(());
        }
        let Some(label) = named.label else {
            self.problems.add(place, "nothing says its class; add {label} to the pattern of names");
            return Ok(());
        };
        let (group, part) = (named.group.unwrap_or_else(|| place.clone()), named.part);
        let item =
            Item { name: place, objects, group, part, rows, place: self.spool.len(), ..Item::default() };
        self.spool.push_bytes(bytes)?;
        self.items.push(Labelled { label, item });
        Ok(())
    }

    /// The index of what was collected at `path`.
    ///
    /// # Errors
    /// [`DataError::Problems`] when there were some; [`DataError::Options`] when there is no item.
    pub(crate) fn finish(self, path: &Path, rate_hz: f32, unit: &str) -> Result<Index, DataError> {
        if !self.problems.is_empty() {
            return Err(DataError::Problems(self.problems));
        }
        if self.items.is_empty() {
            return Err(DataError::Options(format!("{}: there is nothing in it", path.display())));
        }
        Ok(files::index(path, self.items, rate_hz, (self.row_shape, unit), Source::Spool(self.spool)))
    }
}
