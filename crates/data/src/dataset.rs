//! Data sets: samples of one shape with class numbers, what a trainer and a quantiser take.
//!
//! A data set says where its samples lie and reads each when it is asked for, from any thread.

use crate::element::{Element, Stored};
use crate::index::{Index, Item, Missing, Source};
use crate::spool::Spool;
use crate::window::Fill;
use crate::{DataError, Object, Provenance};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// One of the three parts of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// For the gradient and for calibration.
    Train,
    /// For choosing the epoch and the options.
    Validation,
    /// For the reported numbers only.
    Test,
}

/// One window with its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Position in [`Dataset::classes`].
    pub label: usize,
    /// Position in the items of the index.
    pub item: usize,
    /// The item's row that is the window's first; below 0 where the window begins before the item does.
    pub first_row: i64,
}

/// Mean and reciprocal deviation of each axis or channel: what brings sensors of different units to one range.
#[derive(Debug, Clone, PartialEq)]
pub struct Standard {
    /// Means, in the scaled unit.
    pub mean: Vec<f32>,
    /// One over the standard deviation; 1 where a channel is constant.
    pub factor: Vec<f32>,
}

impl Standard {
    /// Value number `at` of a window: (x − mean) · factor of its axis.
    pub fn apply(&self, at: usize, value: f32) -> f32 {
        let axis = at % self.mean.len().max(1);
        let of = |values: &[f32], none: f32| values.get(axis).copied().unwrap_or(none);
        (value - of(&self.mean, 0.0)) * of(&self.factor, 1.0)
    }

    /// The value of `axis` that [`Standard::apply`] made `value` of.
    pub fn undo(&self, axis: usize, value: f32) -> f32 {
        let axis = axis % self.mean.len().max(1);
        let of = |values: &[f32], none: f32| values.get(axis).copied().unwrap_or(none);
        value / of(&self.factor, 1.0) + of(&self.mean, 0.0)
    }
}

/// What makes features of a window: the same in training and on the device.
pub trait FrontEnd: fmt::Debug + Send + Sync {
    /// Extents of the features of a window.
    fn shape(&self) -> &[usize];

    /// The features of `window`, row-major.
    ///
    /// # Errors
    /// A window or `features` of another length.
    fn run(&self, window: &[f32], features: &mut [f32]) -> Result<(), String>;
}

/// Samples of one shape.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Class names.
    pub classes: Vec<String>,
    /// Extents of a sample, without a batch dimension: `[rows, axes]` for signals, `[height, width, channels]` for
    /// images, or those of the front end's features.
    pub shape: Vec<usize>,
    /// Extents of a window before the front end.
    pub window: Vec<usize>,
    /// The samples.
    pub samples: Vec<Sample>,
    /// Where they come from.
    pub provenance: Provenance,
    pub(crate) index: Arc<Index>,
    pub(crate) scale: f32,
    pub(crate) fill: Fill,
    pub(crate) standard: Option<Arc<Standard>>,
    pub(crate) front_end: Option<Arc<dyn FrontEnd>>,
}

/// The three parts that training, choosing and judging use.
#[derive(Debug, Clone)]
pub struct Split {
    /// For the gradient and for calibration.
    pub train: Dataset,
    /// For choosing the epoch and the options.
    pub validation: Dataset,
    /// For the reported numbers only.
    pub test: Dataset,
}

/// A sample whose values are at hand, for sets that are made in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Values, row-major in the data set's shape.
    pub values: Vec<f32>,
    /// Position in [`Dataset::classes`].
    pub label: usize,
    /// Person, device or session.
    pub group: String,
}

impl Dataset {
    /// A set of samples in memory.
    ///
    /// # Errors
    /// [`DataError::Options`] on a sample of another length than `shape`, or of a class that is not there.
    pub fn in_memory(
        classes: Vec<String>,
        shape: Vec<usize>,
        samples: &[Values],
        provenance: Provenance,
    ) -> Result<Self, DataError> {
        let length: usize = shape.iter().product();
        let rows = shape.first().copied().unwrap_or(1);
        let mut spool = Spool::new(Stored::little(Element::F32));
        let mut items = Vec::with_capacity(samples.len());
        for (number, sample) in samples.iter().enumerate() {
            if sample.values.len() != length || sample.label >= classes.len() {
                let message = format!(
                    "sample {number}: {} values of class {}, expected {length} and a class below {}",
                    sample.values.len(),
                    sample.label,
                    classes.len()
                );
                return Err(DataError::Options(message));
            }
            let (name, group, place) = (format!("sample {number}"), sample.group.clone(), spool.len());
            spool.push(&sample.values)?;
            items.push(Item { name, label: sample.label, group, rows, place, ..Item::default() });
        }
        let of_item = |(item, entry): (usize, &Item)| Sample { label: entry.label, item, first_row: 0 };
        let samples = items.iter().enumerate().map(of_item).collect();
        let index = Index {
            name: provenance.to_string(),
            classes: classes.clone(),
            axes: Vec::new(),
            row_shape: shape.get(1..).map(<[usize]>::to_vec).unwrap_or_default(),
            rate_hz: 0.0,
            unit: String::new(),
            provenance: provenance.clone(),
            items,
            missing: Missing::default(),
            source: Source::Spool(spool),
        };
        Ok(Dataset {
            classes,
            window: shape.clone(),
            standard: None,
            front_end: None,
            shape,
            samples,
            provenance,
            index: Arc::new(index),
            scale: 1.0,
            fill: Fill::Edge,
        })
    }

    /// A data set with the same classes, shape and provenance and the given samples.
    pub fn with_samples(&self, samples: Vec<Sample>) -> Self {
        Dataset { samples, ..self.clone() }
    }

    /// Means and deviations of the windows' axes or channels.
    ///
    /// # Errors
    /// Values that cannot be read.
    pub fn standard(&self) -> Result<Standard, DataError> {
        let n_axes = self.window.last().copied().unwrap_or(1).max(1);
        let (mut n, mut sums, mut squares) = (0.0, vec![0.0; n_axes], vec![0.0; n_axes]);
        let mut window = vec![0.0; self.window.iter().product()];
        for at in 0..self.len() {
            self.read_window(at, &mut window)?;
            for row in window.chunks_exact(n_axes) {
                n += 1.0;
                for ((&value, sum), square) in row.iter().zip(&mut sums).zip(&mut squares) {
                    *sum += f64::from(value);
                    *square += f64::from(value) * f64::from(value);
                }
            }
        }
        let n: f64 = f64::max(n, 1.0);
        let factor = |(sum, square): (&f64, &f64)| {
            let variance = square / n - (sum / n) * (sum / n);
            if variance > 1e-12 { (1.0 / variance.sqrt()) as f32 } else { 1.0 }
        };
        let mean = sums.iter().map(|sum| (sum / n) as f32).collect();
        Ok(Standard { mean, factor: sums.iter().zip(&squares).map(factor).collect() })
    }

    /// The same samples with every axis brought to mean 0 and deviation 1.
    #[must_use]
    pub fn with_standard(self, standard: Arc<Standard>) -> Self {
        Dataset { standard: Some(standard), ..self }
    }

    /// The same samples as features.
    #[must_use]
    pub fn with_front_end(self, front_end: Arc<dyn FrontEnd>) -> Self {
        Dataset { shape: front_end.shape().to_vec(), front_end: Some(front_end), ..self }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Extents of a sample.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Class of sample `at`; 0 where there is none.
    pub fn label(&self, at: usize) -> usize {
        self.samples.get(at).map_or(0, |sample| sample.label)
    }

    /// Group of sample `at`; empty where there is none.
    pub fn group(&self, at: usize) -> &str {
        self.samples.get(at).map_or("", |sample| self.group_of(sample))
    }

    pub(crate) fn group_of(&self, sample: &Sample) -> &str {
        self.index.items.get(sample.item).map_or("", |item| item.group.as_str())
    }

    /// What is where in the image of sample `at`.
    pub fn objects(&self, at: usize) -> &[Object] {
        let item = self.samples.get(at).and_then(|sample| self.index.items.get(sample.item));
        item.map_or(&[], |item| &item.objects)
    }

    /// The index that the samples lie in.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Number of values in a sample.
    pub fn sample_len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Reads sample `at`, row-major in [`Dataset::shape`].
    ///
    /// # Errors
    /// [`DataError::Options`] when there is no such sample or `out` has another length; what [`Index::read`] says.
    pub fn read(&self, at: usize, out: &mut [f32]) -> Result<(), DataError> {
        self.read_varied(at, |_| (), |_| (), out)
    }

    /// As [`Dataset::read`], with a window that `vary` changes before the front end sees it, and features that `mask`
    /// changes after it.
    ///
    /// # Errors
    /// As [`Dataset::read`].
    pub fn read_varied(
        &self,
        at: usize,
        vary: impl FnOnce(&mut [f32]),
        mask: impl FnOnce(&mut [f32]),
        out: &mut [f32],
    ) -> Result<(), DataError> {
        let Some(front_end) = &self.front_end else {
            self.read_window(at, out)?;
            vary(out);
            mask(out);
            return Ok(());
        };
        let mut window = vec![0.0; self.window.iter().product()];
        self.read_window(at, &mut window)?;
        vary(&mut window);
        front_end.run(&window, out).map_err(|message| DataError::Options(format!("front end: {message}")))?;
        mask(out);
        Ok(())
    }

    /// Reads the window of sample `at`, scaled, before the front end. Rows before the item's first and after its last are
    /// filled as the window's options say.
    ///
    /// # Errors
    /// [`DataError::Options`] when there is no such sample or `out` has another length; what [`Index::read`] says.
    pub fn read_window(&self, at: usize, out: &mut [f32]) -> Result<(), DataError> {
        let sample = self.samples.get(at).filter(|_| out.len() == self.window.iter().product::<usize>());
        let Some((sample, item)) = sample.and_then(|s| Some((s, self.index.items.get(s.item)?))) else {
            let message = format!(
                "sample {at} of {}: cannot be read into {} values of {:?}",
                self.samples.len(),
                out.len(),
                self.window
            );
            return Err(DataError::Options(message));
        };
        let row_len = self.index.row_len().max(1);
        let n_rows = out.len() / row_len;
        let n_before = usize::try_from(-sample.first_row).unwrap_or(0).min(n_rows);
        let first = usize::try_from(sample.first_row).unwrap_or(0).min(item.rows);
        let n_there = (n_rows - n_before).min(item.rows - first);
        let there = n_before * row_len..(n_before + n_there) * row_len;
        if let Some(rows) = out.get_mut(there.clone()) {
            self.index.read(sample.item, first, rows)?;
            self.prepare(rows);
        }
        match self.fill {
            _ if n_there == 0 => out.fill(0.0),
            Fill::Zero => {
                out.get_mut(..there.start).into_iter().for_each(|gap| gap.fill(0.0));
                out.get_mut(there.end..).into_iter().for_each(|gap| gap.fill(0.0));
            }
            Fill::Edge => {
                let (first, last) = (there.start..there.start + row_len, there.end - row_len..there.end);
                (0..n_before).for_each(|row| out.copy_within(first.clone(), row * row_len));
                (n_before + n_there..n_rows).for_each(|row| out.copy_within(last.clone(), row * row_len));
            }
        }
        Ok(())
    }

    /// Scales and standardises whole rows.
    fn prepare(&self, rows: &mut [f32]) {
        rows.iter_mut().for_each(|value| *value *= self.scale);
        if let Some(standard) = &self.standard {
            rows.iter_mut().enumerate().for_each(|(at, value)| *value = standard.apply(at, *value));
        }
    }

    /// Reads the row that follows the window of sample `at` by `ahead` rows, as a row of the window would be; its last row
    /// when `ahead` is 0.
    ///
    /// # Errors
    /// [`DataError::Options`] when there is no such sample; what [`Index::read`] says, above all of rows that are not there.
    pub fn read_row_after(&self, at: usize, ahead: usize, out: &mut [f32]) -> Result<(), DataError> {
        let sample = self.samples.get(at);
        let sample = sample.ok_or_else(|| DataError::Options(format!("there is no sample {at}")))?;
        let rows = self.window.first().copied().unwrap_or(1) + ahead;
        let row = usize::try_from(sample.first_row + rows as i64 - 1).unwrap_or(0);
        self.index.read(sample.item, row, out)?;
        self.prepare(out);
        Ok(())
    }

    /// The values of sample `at`.
    ///
    /// # Errors
    /// As [`Dataset::read`].
    pub fn values(&self, at: usize) -> Result<Vec<f32>, DataError> {
        let mut values = vec![0.0; self.sample_len()];
        self.read(at, &mut values)?;
        Ok(values)
    }

    /// Samples of each class, in the order of the class numbers.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for sample in &self.samples {
            if let Some(count) = counts.get_mut(sample.label) {
                *count += 1;
            }
        }
        counts
    }

    /// Samples of each group, sorted by name.
    pub fn group_counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for sample in &self.samples {
            *counts.entry(self.group_of(sample)).or_insert(0) += 1;
        }
        counts
    }
}

impl Split {
    /// The parts with their names: `train`, `validation`, `test`.
    pub fn parts(&self) -> [(&'static str, &Dataset); 3] {
        [("train", &self.train), ("validation", &self.validation), ("test", &self.test)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_groups_are_counted_and_values_read() {
        let sample =
            |label, group: &str, value| Values { values: vec![value, 1.0], label, group: group.into() };
        let classes = vec!["a".into(), "b".into(), "c".into()];
        let samples = [sample(0, "p", -2.0), sample(1, "q", 3.0), sample(1, "p", 0.5)];
        let set =
            Dataset::in_memory(classes, vec![1, 2], &samples, Provenance::Generated { seed: 3 }).unwrap();
        assert_eq!(set.class_counts(), [1, 2, 0]);
        assert_eq!(set.group_counts(), BTreeMap::from([("p", 2), ("q", 1)]));
        assert_eq!((set.len(), set.label(2), set.group(1)), (3, 1, "q"));
        assert_eq!(set.values(1).unwrap(), [3.0, 1.0]);
        assert!(set.read(0, &mut [0.0]).is_err() && set.values(3).is_err());
        let standard = set.standard().unwrap();
        assert_eq!((standard.mean.as_slice(), standard.factor[1]), (&[0.5, 1.0][..], 1.0));
        let set = set.with_standard(Arc::new(standard));
        let values: Vec<Vec<f32>> = (0..3).map(|at| set.values(at).unwrap()).collect();
        let variance = values.iter().map(|row| row[0] * row[0]).sum::<f32>() / 3.0;
        assert!((variance - 1.0).abs() < 1e-5 && values.iter().all(|row| row[1] == 0.0), "{values:?}");
        let standard = set.standard.as_ref().unwrap();
        assert!((standard.undo(0, values[1][0]) - 3.0).abs() < 1e-6);
    }
}
