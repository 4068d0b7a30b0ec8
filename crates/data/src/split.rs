//! Training, validation and test parts that keep each person, device or session together.
//!
//! A network that has seen a person's gestures knows that person; only a split by group measures strangers.

use crate::random::Stream;
use crate::{DataError, Dataset, Sample, Split};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How often another random assignment is tried until every part has every class.
const MAX_TRIES: u64 = 200;

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

/// Which part a sample belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Train,
    Validation,
    Test,
}

/// Divides the samples, which keep their order within each part. The warnings tell of groups and of identical
/// samples that stand in more than one part (see [`leaks`]).
///
/// # Errors
/// [`DataError::Options`] when a named group does not exist or stands in two lists, when shares make no sense, or
/// when a part would lack a class.
pub fn split(set: &Dataset, config: &Config) -> Result<(Split, Vec<String>), DataError> {
    let parts = match config {
        Config::Groups { test, validation } => by_name(set, test, validation)?,
        Config::Fractions { test, validation, seed } => by_group(set, check(*test, *validation)?, *seed)?,
        Config::Samples { test, validation, seed } => by_sample(set, check(*test, *validation)?, *seed),
    };
    let part = |part| {
        let samples = set.samples.iter().zip(&parts).filter(|&(_, &other)| other == part);
        set.with_samples(samples.map(|(sample, _)| sample.clone()).collect())
    };
    let split =
        Split { train: part(Part::Train), validation: part(Part::Validation), test: part(Part::Test) };
    no_empty_class(&split)?;
    let warnings = leaks(&split);
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
    let part = |sample: &Sample| match &sample.group {
        group if test.contains(group) => Part::Test,
        group if validation.contains(group) => Part::Validation,
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
        let part = |sample: &Sample| match sample.group.as_str() {
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
fn by_sample(set: &Dataset, (test, validation): (f64, f64), seed: u64) -> Vec<Part> {
    let mut parts = vec![Part::Train; set.samples.len()];
    for class in 0..set.classes.len() {
        let mut members: Vec<usize> = (0..parts.len()).filter(|&at| set.samples[at].label == class).collect();
        Stream::new(&[seed, class as u64]).shuffle(&mut members);
        let share = |share: f64| ((members.len() as f64 * share).round() as usize).max(1);
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

/// What one part may know of another: groups in several parts (also when the names differ in case or spaces only)
/// and samples with the same values.
pub fn leaks(split: &Split) -> Vec<String> {
    let mut groups: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let mut values: BTreeMap<Vec<u32>, BTreeSet<&'static str>> = BTreeMap::new();
    for (name, part) in split.parts() {
        for sample in &part.samples {
            groups.entry(sample.group.trim().to_lowercase()).or_default().insert(name);
            values.entry(sample.values.iter().map(|v| v.to_bits()).collect()).or_default().insert(name);
        }
    }
    let mut warnings = Vec::new();
    for (group, parts) in groups.iter().filter(|(_, parts)| parts.len() > 1) {
        let parts: Vec<&str> = parts.iter().copied().collect();
        warnings.push(format!(
            "group \"{group}\" stands in {}: the test is not on strangers",
            parts.join(" and ")
        ));
    }
    let n_same = values.values().filter(|parts| parts.len() > 1).count();
    if n_same > 0 {
        warnings.push(format!("{n_same} sample(s) stand with the same values in more than one part"));
    }
    warnings
}

#[cfg(test)]
mod tests;
