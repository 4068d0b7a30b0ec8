//! Training, validation and test parts that keep each person, device or session together.
//!
//! A network that has seen a person's gestures knows that person; only a split by group measures strangers.

mod hash;
mod time;

use crate::random::{Stream, mix};
use crate::{DataError, Dataset, Part, Split};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How often another random assignment is tried until every part has every class.
const MAX_TRIES: u64 = 200;

/// Groups that one warning each is given to.
const MAX_WARNINGS: usize = 5;

/// How to divide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Config {
    /// Named groups; the rest is for training.
    Groups {
        /// Groups of the test part.
        test: Vec<String>,
        /// Groups of the validation part.
        validation: Vec<String>,
    },
    /// Random whole groups, until about the given shares of the samples are reached.
    Fractions {
        /// Share of the test part.
        test: f64,
        /// Share of the validation part.
        validation: f64,
        /// Seed of the choice.
        seed: u64,
    },
    /// The parts that the makers of the set gave its items; where they name none for validation, that share of the
    /// training recordings, class by class.
    Official {
        /// Share of the validation part, where the set has none.
        validation: f64,
        /// Seed of the choice.
        seed: u64,
    },
    /// Whole groups by a hash of their names, which stay in their parts when the set grows: the split of Speech
    /// Commands, whose groups are the speakers.
    Hash {
        /// Share of the test part.
        test: f64,
        /// Share of the validation part.
        validation: f64,
    },
    /// Random whole recordings, class by class: for sets that do not say who recorded what.
    Recordings {
        /// Share of the test part.
        test: f64,
        /// Share of the validation part.
        validation: f64,
        /// Seed of the choice.
        seed: u64,
    },
    /// Blocks in time order of each recording: first training, then validation, then test. A window that reaches
    /// over an edge, or less than the gap from it, is left out.
    Time {
        /// Share of the test part.
        test: f64,
        /// Share of the validation part.
        validation: f64,
        /// Rows left out between the parts.
        gap: usize,
    },
    /// Random samples, class by class, regardless of groups: for sets without groups. Groups leak, with a warning.
    Samples {
        /// Share of the test part.
        test: f64,
        /// Share of the validation part.
        validation: f64,
        /// Seed of the choice.
        seed: u64,
    },
}

/// Divides the samples, which keep their order within each part. The warnings tell of groups and of identical
/// samples that stand in more than one part (see [`leaks`]).
///
/// # Errors
/// [`DataError::Options`] when a named group does not exist or stands in two lists, when shares make no sense, or
/// when a part would lack a class.
pub fn split(set: &Dataset, config: &Config) -> Result<(Split, Vec<String>), DataError> {
    let (split, warnings) = divide(set, config)?;
    no_empty_class(&split)?;
    Ok((split, warnings))
}

/// As [`split`], and a part may lack classes, for models that do not tell classes apart.
///
/// # Errors
/// As [`split`], and a part without any sample.
pub fn divide(set: &Dataset, config: &Config) -> Result<(Split, Vec<String>), DataError> {
    let all = |parts: Vec<Part>| parts.into_iter().map(Some).collect();
    let parts: Vec<Option<Part>> = match config {
        Config::Groups { test, validation } => all(by_name(set, test, validation)?),
        Config::Fractions { test, validation, seed } => {
            all(by_group(set, check(*test, *validation)?, *seed)?)
        }
        Config::Official { validation, seed } => all(official(set, *validation, *seed)?),
        Config::Hash { test, validation } => all(hash::parts(set, check(*test, *validation)?)),
        Config::Recordings { test, validation, seed } => {
            all(by_recording(set, check(*test, *validation)?, *seed))
        }
        Config::Time { test, validation, gap } => time::blocks(set, check(*test, *validation)?, *gap),
        Config::Samples { test, validation, seed } => all(by_sample(set, check(*test, *validation)?, *seed)),
    };
    let part = |part| {
        let samples = set.samples.iter().zip(&parts).filter(|&(_, &other)| other == Some(part));
        set.with_samples(samples.map(|(sample, _)| *sample).collect())
    };
    let split =
        Split { train: part(Part::Train), validation: part(Part::Validation), test: part(Part::Test) };
    if let Some((name, _)) = split.parts().into_iter().find(|(_, part)| part.is_empty()) {
        let message = format!("split: {name} has no sample; choose other shares, or record more");
        return Err(DataError::Options(message));
    }
    let warnings = leaks(&split)?;
    Ok((split, warnings))
}

fn by_name(set: &Dataset, test: &[String], validation: &[String]) -> Result<Vec<Part>, DataError> {
    let groups = set.group_counts();
    if let Some(group) = test.iter().find(|&group| validation.contains(group)) {
        return Err(DataError::Options(format!(
            "split: group \"{group}\" stands in both test and validation"
        )));
    }
    let unknown: Vec<&str> = test
        .iter()
        .chain(validation)
        .map(String::as_str)
        .filter(|group| !groups.contains_key(group))
        .collect();
    if !unknown.is_empty() {
        let known: Vec<&str> = groups.keys().copied().take(40).collect();
        let message = format!(
            "split: no group {} in the data; the groups are {}",
            unknown.join(", "),
            known.join(", ")
        );
        return Err(DataError::Options(message));
    }
    let part = |sample| match set.group_of(sample) {
        group if test.iter().any(|name| name == group) => Part::Test,
        group if validation.iter().any(|name| name == group) => Part::Validation,
        _ => Part::Train,
    };
    Ok(set.samples.iter().map(part).collect())
}

fn check(test: f64, validation: f64) -> Result<(f64, f64), DataError> {
    let share = |share: f64| share > 0.0 && share < 1.0;
    if share(test) && share(validation) && test + validation < 1.0 {
        return Ok((test, validation));
    }
    let message = format!(
        "split: test {test} and validation {validation}; expected shares between 0 and 1 that leave some for training"
    );
    Err(DataError::Options(message))
}

/// Tries random orders of the groups and takes the first in which every part has every class.
fn by_group(set: &Dataset, (test, validation): (f64, f64), seed: u64) -> Result<Vec<Part>, DataError> {
    let groups = set.group_counts();
    if groups.len() < 3 {
        let message = format!(
            "split: {} group(s) cannot fill three parts; record more people, or split by = \"samples\"",
            groups.len()
        );
        return Err(DataError::Options(message));
    }
    let n_samples = set.samples.len() as f64;
    let mut last = Vec::new();
    for attempt in 0..MAX_TRIES {
        let mut order: Vec<(&str, usize)> = groups.iter().map(|(&name, &n)| (name, n)).collect();
        Stream::new(&[seed, attempt]).shuffle(&mut order);
        let mut rest = order.as_slice();
        let test = take(&mut rest, test * n_samples);
        let validation = take(&mut rest, validation * n_samples);
        let part = |sample| match set.group_of(sample) {
            group if test.contains(group) => Part::Test,
            group if validation.contains(group) => Part::Validation,
            _ => Part::Train,
        };
        last = set.samples.iter().map(part).collect();
        if has_all_classes(set, &last) {
            break;
        }
    }
    Ok(last)
}

/// Takes groups from the front until one more would miss the target by more than stopping does; at least one.
fn take<'a>(rest: &mut &[(&'a str, usize)], target: f64) -> BTreeSet<&'a str> {
    let (mut taken, mut n_taken) = (BTreeSet::new(), 0.0);
    while let Some((&(name, n), tail)) = rest.split_first() {
        let n = n as f64;
        if !taken.is_empty() && n_taken + n / 2.0 > target {
            break;
        }
        taken.insert(name);
        n_taken += n;
        *rest = tail;
    }
    taken
}

fn has_all_classes(set: &Dataset, parts: &[Part]) -> bool {
    [Part::Train, Part::Validation, Part::Test].into_iter().all(|part| {
        let here: BTreeSet<usize> = set
            .samples
            .iter()
            .zip(parts)
            .filter(|&(_, &other)| other == part)
            .map(|(s, _)| s.label)
            .collect();
        (0..set.classes.len()).all(|class| here.contains(&class))
    })
}

/// Shuffles each class and gives its first samples to test, the next to validation, one at least to each.
fn by_sample(set: &Dataset, shares: (f64, f64), seed: u64) -> Vec<Part> {
    let labels: Vec<usize> = set.samples.iter().map(|sample| sample.label).collect();
    by_class(&labels, set.classes.len(), shares, seed)
}

/// As [`by_sample`], with the windows of a recording together.
fn by_recording(set: &Dataset, shares: (f64, f64), seed: u64) -> Vec<Part> {
    let labels: Vec<usize> = set.index().items.iter().map(|item| item.label).collect();
    let parts = by_class(&labels, set.classes.len(), shares, seed);
    set.samples.iter().map(|sample| parts.get(sample.item).copied().unwrap_or(Part::Train)).collect()
}

fn by_class(labels: &[usize], n_classes: usize, (test, validation): (f64, f64), seed: u64) -> Vec<Part> {
    let mut parts = vec![Part::Train; labels.len()];
    for class in 0..n_classes {
        let mut members: Vec<usize> = (0..parts.len()).filter(|&at| labels[at] == class).collect();
        Stream::new(&[seed, class as u64]).shuffle(&mut members);
        let share = |share: f64| {
            if share == 0.0 { 0 } else { ((members.len() as f64 * share).round() as usize).max(1) }
        };
        let (n_test, n_validation) = (share(test), share(validation));
        for (rank, &at) in members.iter().enumerate() {
            parts[at] = match rank {
                rank if rank < n_test => Part::Test,
                rank if rank < n_test + n_validation => Part::Validation,
                _ => Part::Train,
            };
        }
    }
    parts
}

fn official(set: &Dataset, validation: f64, seed: u64) -> Result<Vec<Part>, DataError> {
    let items = &set.index().items;
    if items.iter().all(|item| item.part.is_none()) {
        let message =
            "split: the set names no parts of its own; split by = \"fractions\", \"recordings\" or \"time\"";
        return Err(DataError::Options(message.into()));
    }
    let has_validation = items.iter().any(|item| item.part == Some(Part::Validation));
    let is_share = validation > 0.0 && validation < 1.0;
    if !has_validation && !is_share {
        let message = format!("split: validation {validation}; expected a share between 0 and 1");
        return Err(DataError::Options(message));
    }
    let mut parts: Vec<Part> = items.iter().map(|item| item.part.unwrap_or(Part::Train)).collect();
    if !has_validation {
        let training: Vec<usize> = (0..items.len()).filter(|&at| parts[at] == Part::Train).collect();
        let labels: Vec<usize> = training.iter().map(|&at| items[at].label).collect();
        let chosen = by_class(&labels, set.classes.len(), (0.0, validation), seed);
        training.into_iter().zip(chosen).for_each(|(at, part)| parts[at] = part);
    }
    Ok(set.samples.iter().map(|sample| parts.get(sample.item).copied().unwrap_or(Part::Train)).collect())
}

fn no_empty_class(split: &Split) -> Result<(), DataError> {
    let mut empty = Vec::new();
    for (name, part) in split.parts() {
        for (class, n) in part.classes.iter().zip(part.class_counts()) {
            if n == 0 {
                empty.push(format!("class \"{class}\" has no sample in {name}"));
            }
        }
    }
    if empty.is_empty() {
        return Ok(());
    }
    let message =
        format!("split: {}; choose other groups, or record this class with more people", empty.join(", "));
    Err(DataError::Options(message))
}

/// What one part may know of another: groups in several parts (also when the names differ in case or spaces only),
/// recordings cut into windows for several parts, and samples with the same values.
///
/// # Errors
/// Values that cannot be read.
pub fn leaks(split: &Split) -> Result<Vec<String>, DataError> {
    let mut groups: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let mut values: BTreeMap<[u64; 2], BTreeSet<&'static str>> = BTreeMap::new();
    let mut items: BTreeMap<usize, BTreeSet<&'static str>> = BTreeMap::new();
    for (name, part) in split.parts() {
        let mut window = vec![0.0; part.window.iter().product()];
        for (at, sample) in part.samples.iter().enumerate() {
            groups.entry(part.group_of(sample).trim().to_lowercase()).or_default().insert(name);
            items.entry(sample.item).or_default().insert(name);
            part.read_window(at, &mut window)?;
            values.entry(fingerprint(&window)).or_default().insert(name);
        }
    }
    let mut warnings = Vec::new();
    let leaking = || groups.iter().filter(|(_, parts)| parts.len() > 1);
    for (group, parts) in leaking().take(MAX_WARNINGS) {
        let parts: Vec<&str> = parts.iter().copied().collect();
        warnings.push(format!(
            "group \"{group}\" stands in {}: the test is not on strangers",
            parts.join(" and ")
        ));
    }
    let n_more = leaking().count().saturating_sub(MAX_WARNINGS);
    if n_more > 0 {
        warnings.push(format!("{n_more} more groups stand in several parts"));
    }
    let n_cut = items.values().filter(|parts| parts.len() > 1).count();
    if n_cut > 0 {
        warnings.push(format!("{n_cut} recording(s) have windows in more than one part"));
    }
    let n_same = values.values().filter(|parts| parts.len() > 1).count();
    if n_same > 0 {
        warnings.push(format!("{n_same} sample(s) stand with the same values in more than one part"));
    }
    Ok(warnings)
}

/// A name of values, bit by bit, that other values have with a chance of 2⁻¹²⁸.
pub(crate) fn fingerprint(values: &[f32]) -> [u64; 2] {
    values.iter().fold([values.len() as u64, 0x5eed], |[a, b], value| {
        let bits = u64::from(value.to_bits());
        [mix(a ^ bits), mix(b.rotate_left(17) ^ bits.wrapping_mul(0x9e37_79b9_7f4a_7c15))]
    })
}

#[cfg(test)]
mod tests;
