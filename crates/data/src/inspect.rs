//! What a set looks like before anything is trained on it: counts, lengths, ranges, clipping, duplicates, outliers and
//! a picture of each class.

use crate::split::fingerprint;
use crate::{DataError, Index};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Duplicates and outliers that are named; the rest is counted.
const MAX_NAMED: usize = 5;

/// Share of an item's values at one extreme value from which the item counts as clipped.
const CLIPPED_SHARE: f64 = 0.001;

/// Median absolute deviations of the level from the class's median, beyond which an item is an outlier.
const OUTLIER: f64 = 8.0;

/// Columns of a picture.
const COLUMNS: usize = 32;

/// Lines of an image's picture.
const LINES: usize = 12;

/// From dark to light.
const SHADES: [char; 9] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█', '█'];

/// From dark to light, for areas.
const GREYS: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// One class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Class {
    /// Its name.
    pub class: String,
    /// Recordings or images.
    pub items: usize,
    /// Stretches of rows of other recordings that are of this class, or objects in images.
    pub events: usize,
    /// People, devices or sessions.
    pub groups: usize,
    /// Rows of the shortest item.
    pub rows_min: usize,
    /// Rows of the middle one.
    pub rows_median: usize,
    /// Rows of the longest.
    pub rows_max: usize,
    /// Smallest value.
    pub min: f32,
    /// Largest value.
    pub max: f32,
    /// Mean of all values.
    pub mean: f64,
    /// Standard deviation of all values.
    pub deviation: f64,
    /// Items with more than one value in a thousand at the set's smallest or largest value.
    pub clipped: usize,
    /// The size of the signal over time, or the mean image.
    pub picture: Vec<String>,
}

/// A set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// Each class.
    pub classes: Vec<Class>,
    /// Items with the values of an earlier one: how many, and the first.
    pub duplicates: usize,
    /// `this = that`.
    pub duplicates_named: Vec<String>,
    /// Items much louder or quieter than others of their class: how many, and the first.
    pub outliers: usize,
    /// Their names.
    pub outliers_named: Vec<String>,
}

/// What is gathered of a class.
#[derive(Debug, Default)]
struct Gathered {
    rows: Vec<usize>,
    groups: BTreeSet<String>,
    min: f32,
    max: f32,
    n: f64,
    sum: f64,
    squares: f64,
    /// Root mean square of each item about its mean.
    levels: Vec<(f64, usize)>,
    /// Values at the item's extremes, with these.
    extremes: Vec<(f32, f32, f64, f64)>,
    picture: Vec<f64>,
}

/// Reads every value of `index` once, one item at a time.
///
/// # Errors
/// Values that cannot be read.
pub fn inspect(index: &Index) -> Result<Inspection, DataError> {
    let mut classes: Vec<Gathered> = index.classes.iter().map(|_| Gathered::default()).collect();
    let mut seen: BTreeMap<[u64; 2], usize> = BTreeMap::new();
    let (mut duplicates, mut duplicates_named) = (0, Vec::new());
    for (number, item) in index.items.iter().enumerate() {
        let values = index.values(number)?;
        let name = fingerprint(&values);
        if let Some(&first) = seen.get(&name) {
            duplicates += 1;
            if duplicates <= MAX_NAMED {
                let first = index.items.get(first).map_or("", |item| item.name.as_str());
                duplicates_named.push(format!("{} = {first}", item.name));
            }
        } else {
            seen.insert(name, number);
        }
        if let Some(class) = classes.get_mut(item.label) {
            class.rows.push(item.rows);
            class.groups.insert(item.group.clone());
            class.take(&values, number);
            class.draw(&values, index);
        }
    }
    let min =
        classes.iter().filter(|class| class.n > 0.0).map(|class| class.min).fold(f32::INFINITY, f32::min);
    let max =
        classes.iter().filter(|class| class.n > 0.0).map(|class| class.max).fold(f32::NEG_INFINITY, f32::max);
    let mut outliers: Vec<usize> = classes.iter().flat_map(Gathered::outliers).collect();
    outliers.sort_unstable();
    let named = outliers.iter().take(MAX_NAMED).filter_map(|&item| index.items.get(item));
    let spans = index.items.iter().flat_map(|item| &item.spans).map(|span| span.label);
    let objects = index.items.iter().flat_map(|item| &item.objects).map(|object| object.class);
    let mut events = vec![0; classes.len()];
    spans.chain(objects).for_each(|class| events.get_mut(class).into_iter().for_each(|n| *n += 1));
    let all = index.classes.iter().zip(classes).zip(events);
    Ok(Inspection {
        outliers: outliers.len(),
        outliers_named: named.map(|item| item.name.clone()).collect(),
        classes: all.map(|((name, class), events)| class.finish(name, events, (min, max), index)).collect(),
        duplicates,
        duplicates_named,
    })
}

impl Gathered {
    fn take(&mut self, values: &[f32], item: usize) {
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        let (mut sum, mut squares) = (0.0, 0.0);
        for &value in values {
            (low, high) = (low.min(value), high.max(value));
            sum += f64::from(value);
            squares += f64::from(value) * f64::from(value);
        }
        let n = values.len() as f64;
        let share =
            |extreme: f32| values.iter().filter(|&&value| value == extreme).count() as f64 / n.max(1.0);
        self.extremes.push((low, high, share(low), share(high)));
        self.min = if self.n == 0.0 { low } else { self.min.min(low) };
        self.max = if self.n == 0.0 { high } else { self.max.max(high) };
        (self.n, self.sum, self.squares) = (self.n + n, self.sum + sum, self.squares + squares);
        let variance = (squares / n.max(1.0) - (sum / n.max(1.0)).powi(2)).max(0.0);
        self.levels.push((variance.sqrt(), item));
    }

    /// Adds an item to the picture: the change within each part of a signal, or the cells of an image.
    fn draw(&mut self, values: &[f32], index: &Index) {
        let row_len = index.row_len().max(1);
        let rows = values.len() / row_len;
        let lines = if index.is_images() { LINES } else { 1 };
        self.picture.resize(COLUMNS * lines, 0.0);
        let width = index.row_shape.first().copied().unwrap_or(1);
        for (cell, place) in self.picture.iter_mut().enumerate() {
            let (line, column) = (cell / COLUMNS, cell % COLUMNS);
            let part =
                |at: usize, of: usize, n: usize| n * at / of..(n * (at + 1) / of).max(n * at / of + 1).min(n);
            let (rows, columns) = match index.is_images() {
                true => (part(line, lines, rows), part(column, COLUMNS, width)),
                false => (part(column, COLUMNS, rows), 0..1),
            };
            let depth = if index.is_images() { row_len / width.max(1) } else { row_len };
            let of_row = |row: usize| {
                let start = row * row_len;
                let cells = columns.clone().flat_map(move |at| start + at * depth..start + (at + 1) * depth);
                cells.filter_map(|at| values.get(at)).map(|&value| f64::from(value))
            };
            let inside: Vec<f64> = rows.flat_map(of_row).collect();
            let n = inside.len().max(1) as f64;
            let mean = inside.iter().sum::<f64>() / n;
            *place += match index.is_images() {
                true => mean,
                false => (inside.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt(),
            };
        }
    }

    fn outliers(&self) -> Vec<usize> {
        let middle = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(0.0)
        };
        // Levels are compared as logarithms: half as loud is as far as twice as loud.
        let level = |level: f64| level.max(1e-12).ln();
        let median = middle(self.levels.iter().map(|&(rms, _)| level(rms)).collect());
        let deviation = middle(self.levels.iter().map(|&(rms, _)| (level(rms) - median).abs()).collect());
        let far = |&&(rms, _): &&(f64, usize)| (level(rms) - median).abs() > OUTLIER * deviation.max(0.05);
        self.levels.iter().filter(far).map(|&(_, item)| item).collect()
    }

    fn finish(mut self, name: &str, events: usize, (min, max): (f32, f32), index: &Index) -> Class {
        self.rows.sort_unstable();
        let n = self.n.max(1.0);
        let mean = self.sum / n;
        let is_clipped = |&&(low, high, at_low, at_high): &&(f32, f32, f64, f64)| {
            low < high && ((low == min && at_low > CLIPPED_SHARE) || (high == max && at_high > CLIPPED_SHARE))
        };
        // Pixels are black and white on purpose.
        let clipped = if index.is_images() { 0 } else { self.extremes.iter().filter(is_clipped).count() };
        Class {
            class: name.to_owned(),
            items: self.rows.len(),
            events,
            groups: self.groups.len(),
            rows_min: self.rows.first().copied().unwrap_or(0),
            rows_median: self.rows.get(self.rows.len() / 2).copied().unwrap_or(0),
            rows_max: self.rows.last().copied().unwrap_or(0),
            min: self.min,
            max: self.max,
            mean,
            deviation: (self.squares / n - mean * mean).max(0.0).sqrt(),
            clipped,
            picture: picture(&self.picture, index.is_images()),
        }
    }
}

/// The cells as characters, from the smallest to the largest.
fn picture(cells: &[f64], is_image: bool) -> Vec<String> {
    let low = if is_image { cells.iter().copied().fold(f64::INFINITY, f64::min) } else { 0.0 };
    let high = cells.iter().copied().fold(low, f64::max);
    let shades: &[char] = if is_image { &GREYS } else { &SHADES };
    let shade = |value: &f64| {
        let part = if high > low { (value - low) / (high - low) } else { 0.0 };
        shades.get((part * (shades.len() - 1) as f64).round() as usize).copied().unwrap_or(' ')
    };
    cells.chunks(COLUMNS).map(|line| line.iter().map(shade).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Provenance, Recording, Recordings};

    fn set(recordings: Vec<(&str, Vec<f32>)>) -> Index {
        let recordings = recordings.into_iter().map(|(label, values)| Recording {
            label: label.into(),
            group: "g".into(),
            values,
        });
        let set = Recordings {
            name: "set".into(),
            classes: vec!["a".into(), "b".into()],
            axes: 1,
            rate_hz: 1.0,
            unit: String::new(),
            provenance: Provenance::Generated { seed: 1 },
            recordings: recordings.collect(),
        };
        set.try_into().unwrap()
    }

    fn wave(size: f32, phase: f32) -> Vec<f32> {
        (0..64).map(|at| size * (at as f32 * 0.7 + phase).sin()).collect()
    }

    #[test]
    fn duplicates_outliers_and_clipping_are_found() {
        let mut items: Vec<_> = (0..9).map(|n| ("a", wave(1.0 + n as f32 * 0.01, n as f32))).collect();
        items.push(("a", wave(100.0, 0.5)));
        items.push(("b", wave(1.0, 0.0)));
        items.push(("b", wave(200.0, 1.0).iter().map(|value| value.clamp(-150.0, 150.0)).collect()));
        let found = inspect(&set(items)).unwrap();
        assert_eq!(
            (found.duplicates, found.duplicates_named[0].as_str()),
            (1, "set, recording 10 (g) = set, recording 0 (g)")
        );
        assert_eq!((found.outliers, found.outliers_named[0].as_str()), (1, "set, recording 9 (g)"));
        let counts: Vec<_> =
            found.classes.iter().map(|class| (class.items, class.clipped, class.rows_max)).collect();
        assert_eq!(counts, [(10, 0, 64), (2, 1, 64)]);
        assert!((found.classes[1].max, found.classes[1].min) == (150.0, -150.0));
    }

    #[test]
    fn the_picture_rises_where_the_signal_does() {
        let values = (0..320).map(|at| if at < 160 { 0.0 } else { (at % 2) as f32 }).collect();
        let found = inspect(&set(vec![("a", values), ("b", vec![0.0])])).unwrap();
        assert_eq!(found.classes[0].picture, [format!("{}{}", "▁".repeat(16), "█".repeat(16))]);
    }
}
