//! Recordings: labelled multi-axis signals of any length, as they were measured or generated.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Where data comes from. Every report says it next to the numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Made by this project from a model of the world; a function of the seed.
    Generated {
        /// Seed of the generator.
        seed: u64,
    },
    /// Read from files that somebody else made.
    Measured {
        /// The data set's name and where it lies.
        source: String,
    },
}

impl fmt::Display for Provenance {
    /// `generated (seed 1)` or `measured: <source>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Provenance::Generated { seed } => write!(f, "generated (seed {seed})"),
            Provenance::Measured { source } => write!(f, "measured: {source}"),
        }
    }
}

/// One labelled recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Class name.
    pub label: String,
    /// Person, device or session. A split keeps a group together.
    pub group: String,
    /// Samples, row-major `[rows, axes]`, in the unit of [`Recordings::unit`].
    pub values: Vec<f32>,
}

/// A set of recordings from the same kind of sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Recordings {
    /// Name of the set.
    pub name: String,
    /// Class names; a label's position is its number.
    pub classes: Vec<String>,
    /// Values in each row, at least 1.
    pub axes: usize,
    /// Rows a second.
    pub rate_hz: f32,
    /// Unit of the values, for people: `milli-g`.
    pub unit: String,
    /// Where the set comes from.
    pub provenance: Provenance,
    /// The recordings in file order or in order of generation.
    pub recordings: Vec<Recording>,
}

impl Recordings {
    /// Rows of `recording`.
    pub fn rows(&self, recording: &Recording) -> usize {
        recording.values.len().checked_div(self.axes).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provenance_reads_as_reports_print_it() {
        assert_eq!(Provenance::Generated { seed: 7 }.to_string(), "generated (seed 7)");
        assert_eq!(Provenance::Measured { source: "wand".into() }.to_string(), "measured: wand");
    }

    #[test]
    fn rows_counts_rows() {
        let recording = Recording { label: "a".into(), group: "g".into(), values: vec![0.0; 12] };
        let set = Recordings {
            name: "s".into(),
            classes: vec!["a".into()],
            axes: 3,
            rate_hz: 25.0,
            unit: "milli-g".into(),
            provenance: Provenance::Generated { seed: 1 },
            recordings: vec![recording.clone()],
        };
        assert_eq!(set.rows(&recording), 4);
    }
}
