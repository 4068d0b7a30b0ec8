//! Blocks in time order of each recording, with a gap between them.

use crate::{Dataset, Part};

/// The part of each window, none for those too near an edge.
///
/// Of a recording of n rows, training has the rows before n (1 − validation − test), the test those from
/// n (1 − test) on, validation those between; each edge keeps `gap` rows free behind it.
pub(super) fn blocks(set: &Dataset, (test, validation): (f64, f64), gap: usize) -> Vec<Option<Part>> {
    let length = set.window.first().copied().unwrap_or(1) as i64;
    let gap = gap as i64;
    let part = |sample: &crate::Sample| {
        let rows = set.index().items.get(sample.item).map_or(0, |item| item.rows) as f64;
        let edge = |share: f64| (rows * share).round() as i64;
        let (validation_from, test_from) = (edge(1.0 - validation - test), edge(1.0 - test));
        let (first, end) = (sample.first_row, sample.first_row + length);
        match () {
            () if end <= validation_from => Some(Part::Train),
            () if first >= validation_from + gap && end <= test_from => Some(Part::Validation),
            () if first >= test_from + gap => Some(Part::Test),
            () => None,
        }
    };
    set.samples.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use crate::window::{self, windows};
    use crate::{Index, Provenance, Recording, Recordings, split};
    use std::sync::Arc;

    #[test]
    fn windows_keep_the_gap_between_parts() {
        let recordings = ["a", "b"].map(|label| Recording {
            label: label.into(),
            group: label.into(),
            values: (0..200).map(|row| row as f32 + if label == "a" { 0.0 } else { 0.5 }).collect(),
        });
        let set = Recordings {
            name: "set".into(),
            classes: vec!["a".into(), "b".into()],
            axes: 1,
            rate_hz: 1.0,
            unit: String::new(),
            provenance: Provenance::Generated { seed: 1 },
            recordings: recordings.into(),
        };
        let index: Arc<Index> = Arc::new(set.try_into().unwrap());
        let config = window::Config { length: 10, stride: 5, scale: 1.0, ..window::Config::default() };
        let set = windows(&index, &config).unwrap();
        let config = split::Config::Time { test: 0.25, validation: 0.25, gap: 7 };
        let (split, warnings) = split::split(&set, &config).unwrap();
        let rows = |part: &crate::Dataset| {
            let first: Vec<i64> = part.samples.iter().map(|sample| sample.first_row).collect();
            (*first.iter().min().unwrap(), *first.iter().max().unwrap() + 10)
        };
        assert_eq!(rows(&split.train), (0, 100));
        assert_eq!(rows(&split.validation), (110, 150));
        assert_eq!(rows(&split.test), (160, 200));
        assert!(warnings.iter().any(|text| text.contains("2 recording(s)")), "{warnings:?}");
    }
}
