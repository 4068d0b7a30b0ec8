//! What a project's model is to tell, as the data at hand have it.

use smidgen_data::{Dataset, Index, Split};
use smidgen_ir::Graph;
use smidgen_report::{ConfusionMatrix, ValueErrors, area_under_curve};

use crate::dataset::{Windows, data_error};
use crate::finder::Finder;
use crate::project::{Project, Task};
use crate::{Error, Result};

/// What the model tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Goal {
    /// One of the classes.
    Classes,
    /// How unusual a window is.
    Anomaly {
        /// For each class, whether it is usual.
        is_normal: Vec<bool>,
        /// Share of the usual validation windows, in percent, whose scores stay below the threshold.
        percentile: f64,
    },
    /// Values of a row after the window.
    Values {
        /// The axes of the row.
        axes: Vec<usize>,
        /// Their names.
        names: Vec<String>,
        /// Rows after the window's last.
        ahead: usize,
    },
    /// Which objects are where.
    Objects(Finder),
}

impl Goal {
    /// The goal of `project` with the recordings of `index`.
    ///
    /// # Errors
    /// Classes or columns that are not there.
    pub fn new(project: &Project, index: &Index) -> Result<Self> {
        match project.task() {
            Task::Classes => Ok(Goal::Classes),
            Task::Objects(detection) => Finder::new(project, detection, index).map(Goal::Objects),
            Task::Anomaly(anomaly) => {
                if let Some(name) = anomaly.normal.iter().find(|name| !index.classes.contains(name)) {
                    return Err(unknown("anomaly.normal: no class", name, &index.classes));
                }
                let is_normal = index.classes.iter().map(|class| anomaly.normal.contains(class)).collect();
                Ok(Goal::Anomaly { is_normal, percentile: anomaly.percentile })
            }
            Task::Values(target) => {
                let names: Vec<String> = match index.axes.is_empty() {
                    true => (1..=index.row_len()).map(|axis| axis.to_string()).collect(),
                    false => index.axes.clone(),
                };
                let find = |name: &String| names.iter().position(|axis| axis == name);
                let axes: Option<Vec<usize>> = target.columns.iter().map(find).collect();
                let missing = target.columns.iter().find(|name| find(name).is_none());
                axes.filter(|_| !index.is_images())
                    .map(|axes| Goal::Values { axes, names: target.columns.clone(), ahead: target.ahead })
                    .ok_or_else(|| {
                        unknown("target.columns: no column", missing.map_or("", String::as_str), &names)
                    })
            }
        }
    }

    /// Rows that recordings must have after a window.
    pub(crate) fn ahead(&self) -> usize {
        if let Goal::Values { ahead, .. } = self { *ahead } else { 0 }
    }

    /// Values that the model gives for windows of `n_values`.
    pub(crate) fn n_outputs(&self, n_classes: usize, n_values: usize) -> usize {
        match self {
            Goal::Classes | Goal::Objects(_) => n_classes,
            Goal::Anomaly { .. } => n_values,
            Goal::Values { axes, .. } => axes.len(),
        }
    }

    /// The parts as the model sees them: it learns what is usual from usual windows alone.
    ///
    /// # Errors
    /// A part without usual windows.
    pub(crate) fn parts(&self, split: Split) -> Result<Split> {
        let Goal::Anomaly { is_normal, .. } = self else { return Ok(split) };
        let usual = |set: &Dataset| {
            let is_usual = |label: usize| is_normal.get(label) == Some(&true);
            let samples = set.samples.iter().filter(|sample| is_usual(sample.label)).copied().collect();
            set.with_samples(samples)
        };
        let parts =
            Split { train: usual(&split.train), validation: usual(&split.validation), test: split.test };
        if let Some((name, _)) = parts.parts().into_iter().find(|(_, part)| part.is_empty()) {
            return Err(Error::input(format!("the part {name} has no usual window"))
                .help("record more of what is usual, or choose other shares in [data.split]"));
        }
        Ok(parts)
    }

    /// The model as it is deployed: a detector with its decoding.
    ///
    /// # Errors
    /// A model with other outputs than the goal asks for.
    pub(crate) fn deployed(&self, graph: Graph) -> Result<Graph> {
        match self {
            Goal::Objects(finder) => finder.decoded(graph),
            _ => Ok(graph),
        }
    }

    /// Writes what the model should tell of window `at` of `set`, in the unit that it is trained in.
    ///
    /// # Errors
    /// Rows that cannot be read, and a goal without values.
    pub(crate) fn target(&self, set: &Dataset, at: usize, target: &mut [f32]) -> Result<()> {
        match self {
            Goal::Values { axes, ahead, .. } => row(set, at, *ahead, axes, target),
            Goal::Objects(finder) => finder.target(set, at, target),
            _ => Err(Error::input("there are no target values")),
        }
    }
}

fn unknown(what: &str, name: &str, known: &[String]) -> Error {
    let known: Vec<&str> = known.iter().take(40).map(String::as_str).collect();
    Error::input(format!("{what} \"{name}\" in the data; there are {}", known.join(", ")))
        .help("smidgen data inspect shows what is there")
}

/// Some axes of the row `ahead` rows after a window.
fn row(set: &Dataset, at: usize, ahead: usize, axes: &[usize], out: &mut [f32]) -> Result<()> {
    let mut row = vec![0.0; set.index().row_len()];
    set.read_row_after(at, ahead, &mut row).map_err(|error| data_error(&error))?;
    for (value, &axis) in out.iter_mut().zip(axes) {
        *value = row.get(axis).copied().unwrap_or(0.0);
    }
    Ok(())
}

/// How unusual each window of `set` is: what the model says, or the mean squared error of what it reconstructs.
///
/// # Errors
/// Outputs of another number of values, and windows that cannot be read.
pub(crate) fn scores(set: &Dataset, outputs: &[Vec<f32>]) -> Result<Vec<f32>> {
    let mut window = vec![0.0; set.sample_len()];
    let mut score = |(at, output): (usize, &Vec<f32>)| {
        if let &[score] = output.as_slice() {
            return Ok(score);
        }
        if output.len() != window.len() {
            let (n, len) = (output.len(), window.len());
            return Err(Error::input(format!("the model gives {n} values, a window has {len}"))
                .help("an autoencoder gives as many values as a window has, a scorer one"));
        }
        set.read(at, &mut window).map_err(|error| data_error(&error))?;
        let squares = output.iter().zip(&window).map(|(y, x)| f64::from(y - x).powi(2));
        Ok((squares.sum::<f64>() / window.len().max(1) as f64) as f32)
    };
    outputs.iter().enumerate().map(&mut score).collect()
}

/// The score that `percentile` percent of `scores` do not exceed.
pub(crate) fn threshold(scores: &[f32], percentile: f64) -> f32 {
    let mut scores = scores.to_vec();
    scores.sort_by(f32::total_cmp);
    let rank = (percentile / 100.0 * scores.len() as f64).ceil() as usize;
    scores.get(rank.clamp(1, scores.len().max(1)) - 1).copied().unwrap_or(f32::INFINITY)
}

/// Usual and unusual windows by their scores, and the area under the curve.
pub(crate) fn unusual(
    set: &Dataset,
    is_normal: &[bool],
    scores: &[f32],
    threshold: f32,
) -> (ConfusionMatrix, Option<f64>) {
    let is_unusual = |label: usize| is_normal.get(label) != Some(&true);
    let truth: Vec<bool> = set.samples.iter().map(|sample| is_unusual(sample.label)).collect();
    let mut confusion = ConfusionMatrix::new(&["usual".into(), "unusual".into()]);
    for (truth, score) in truth.iter().zip(scores) {
        confusion.add(usize::from(*truth), usize::from(*score > threshold));
    }
    (confusion, area_under_curve(scores, &truth))
}

/// The errors of told values on `windows.split.test`, in the unit of the data after its scale.
///
/// # Errors
/// Outputs of another number of values, and rows that cannot be read.
pub(crate) fn value_errors(
    windows: &Windows,
    (axes, names, ahead): (&[usize], &[String], usize),
    outputs: &[Vec<f32>],
) -> Result<Vec<ValueErrors>> {
    let set = &windows.split.test;
    if let Some(output) = outputs.iter().find(|output| output.len() != axes.len()) {
        return Err(Error::input(format!(
            "the model gives {} values, expected {}",
            output.len(),
            axes.len()
        ))
        .help("use the model that was trained for these columns"));
    }
    let read = |ahead: usize| -> Result<Vec<Vec<f32>>> {
        let one = |at| {
            let mut values = vec![0.0; axes.len()];
            row(set, at, ahead, axes, &mut values).map(|()| values)
        };
        (0..set.len()).map(one).collect()
    };
    let (truth, unchanged) = (read(ahead)?, read(0)?);
    let errors = axes.iter().zip(names).enumerate().map(|(at, (&axis, name))| {
        let column = |rows: &[Vec<f32>]| -> Vec<f32> {
            let own =
                |value: f32| windows.standard.as_ref().map_or(value, |standard| standard.undo(axis, value));
            rows.iter().filter_map(|row| row.get(at).copied()).map(own).collect()
        };
        ValueErrors::of(name, &column(outputs), &column(&truth), &column(&unchanged))
    });
    Ok(errors.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_a_score_that_was_seen() {
        let scores: Vec<f32> = (1..=100).rev().map(|score| score as f32).collect();
        assert_eq!(
            (threshold(&scores, 99.0), threshold(&scores, 100.0), threshold(&scores, 0.1)),
            (99.0, 100.0, 1.0)
        );
        assert_eq!(threshold(&[], 99.0), f32::INFINITY);
    }
}
