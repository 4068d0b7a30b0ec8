//! Data sets: samples of one shape with class numbers, what a trainer and a quantiser take.

use crate::Provenance;
use serde::Serialize;
use std::collections::BTreeMap;

/// One window with its class.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Values, row-major in the data set's shape.
    pub values: Vec<f32>,
    /// Position in [`Dataset::classes`].
    pub label: usize,
    /// Person, device or session.
    pub group: String,
}

/// Samples of one shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Class names.
    pub classes: Vec<String>,
    /// Extents of a sample, without a batch dimension: `[rows, axes]` for signals.
    pub shape: Vec<usize>,
    /// The samples.
    pub samples: Vec<Sample>,
    /// Where they come from.
    pub provenance: Provenance,
}

/// The three parts that training, choosing and judging use.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// For the gradient and for calibration.
    pub train: Dataset,
    /// For choosing the epoch and the options.
    pub validation: Dataset,
    /// For the reported numbers only.
    pub test: Dataset,
}

/// A class or group with its number of samples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Class or group.
    pub name: String,
    /// Samples.
    pub n_samples: usize,
}

/// What a report says about a data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// `generated (seed N)` or `measured: …`.
    pub provenance: String,
    /// Extents of a sample.
    pub shape: Vec<usize>,
    /// Number of samples.
    pub n_samples: usize,
    /// Samples of each class, in the order of the class numbers.
    pub classes: Vec<Count>,
    /// Samples of each group, by name.
    pub groups: Vec<Count>,
    /// Smallest value; 0 when there is no sample.
    pub min: f32,
    /// Largest value; 0 when there is no sample.
    pub max: f32,
}

impl Dataset {
    /// A data set with the same classes, shape and provenance and the given samples.
    pub fn with_samples(&self, samples: Vec<Sample>) -> Self {
        Dataset {
            classes: self.classes.clone(),
            shape: self.shape.clone(),
            samples,
            provenance: self.provenance.clone(),
        }
    }

    /// Number of values in a sample.
    pub fn sample_len(&self) -> usize {
        self.shape.iter().product()
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
            *counts.entry(sample.group.as_str()).or_insert(0) += 1;
        }
        counts
    }

    /// Counts, range and provenance.
    pub fn summary(&self) -> Summary {
        let count = |name: &str, n_samples| Count { name: name.to_owned(), n_samples };
        let values = || self.samples.iter().flat_map(|sample| sample.values.iter().copied());
        Summary {
            provenance: self.provenance.to_string(),
            shape: self.shape.clone(),
            n_samples: self.samples.len(),
            classes: self.classes.iter().zip(self.class_counts()).map(|(name, n)| count(name, n)).collect(),
            groups: self.group_counts().into_iter().map(|(name, n)| count(name, n)).collect(),
            min: values().reduce(f32::min).unwrap_or(0.0),
            max: values().reduce(f32::max).unwrap_or(0.0),
        }
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
    fn summary_counts_classes_and_groups() {
        let sample = |label, group: &str, value| Sample { values: vec![value], label, group: group.into() };
        let set = Dataset {
            classes: vec!["a".into(), "b".into(), "c".into()],
            shape: vec![1],
            samples: vec![sample(0, "p", -2.0), sample(1, "q", 3.0), sample(1, "p", 0.5)],
            provenance: Provenance::Generated { seed: 3 },
        };
        let summary = set.summary();
        assert_eq!(summary.provenance, "generated (seed 3)");
        assert_eq!(summary.classes.iter().map(|c| c.n_samples).collect::<Vec<_>>(), [1, 2, 0]);
        assert_eq!(set.group_counts(), BTreeMap::from([("p", 2), ("q", 1)]));
        assert_eq!((summary.n_samples, summary.min, summary.max), (3, -2.0, 3.0));
        let empty = set.with_samples(Vec::new()).summary();
        assert_eq!((empty.n_samples, empty.min, empty.max), (0, 0.0, 0.0));
    }
}
