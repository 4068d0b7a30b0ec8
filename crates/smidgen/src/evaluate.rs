//! How well a model does: outputs against what is true, on the host, and host against device.

use smidgen_compress::quantize;
use smidgen_data::Dataset;
use smidgen_ir::Graph;
use smidgen_report::{Agreement, ConfusionMatrix, Evaluation, area_under_curve};

use crate::dataset::Windows;
use crate::events::{Observer, Silent};
use crate::goal::{self, Goal};
use crate::{Error, Result, feed, host};

/// The outputs of one inference for each sample of `set`, as real values.
fn values(graph: &Graph, set: &Dataset, outputs: &[u8]) -> Result<Vec<Vec<f32>>> {
    let one = graph.output_bytes();
    if outputs.len() != one * set.samples.len() {
        return Err(Error::input(format!(
            "{} output bytes for {} windows, expected {one} for each",
            outputs.len(),
            set.samples.len()
        )));
    }
    let values = outputs.chunks(one.max(1)).map(|output| quantize::dequantize_output(graph, output));
    values.collect::<std::result::Result<_, _>>().map_err(Error::input)
}

/// How often each class was taken for which, and the mean over the classes of the area under the curve of a class against
/// the others.
fn classes(set: &Dataset, scores: &[Vec<f32>]) -> Result<(ConfusionMatrix, Option<f64>)> {
    let n_classes = set.classes.len();
    if let Some(scores) = scores.iter().find(|scores| scores.len() != n_classes) {
        let n_scores = scores.len();
        return Err(Error::input(format!(
            "the model tells {n_scores} classes apart, the data has {n_classes}"
        ))
        .help("use the model that was trained on this data"));
    }
    let mut confusion = ConfusionMatrix::new(&set.classes);
    set.samples
        .iter()
        .zip(scores)
        .for_each(|(sample, scores)| confusion.add(sample.label, feed::largest(scores)));
    let areas: Vec<f64> = (0..n_classes)
        .filter_map(|class| {
            let of_class: Vec<f32> = scores.iter().filter_map(|scores| scores.get(class).copied()).collect();
            let is_class: Vec<bool> = set.samples.iter().map(|sample| sample.label == class).collect();
            area_under_curve(&of_class, &is_class)
        })
        .collect();
    let auc = (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64);
    Ok((confusion, auc))
}

/// The share of a set's windows whose class a model tells.
///
/// # Errors
/// As [`feed::inputs`] and [`host::run`], and a model of other classes.
pub(crate) fn right(graph: &Graph, set: &Dataset) -> Result<f64> {
    let outputs = host::run(graph, &feed::inputs(graph, set)?, &mut Silent)?;
    Ok(classes(set, &values(graph, set, &outputs)?)?.0.accuracy())
}

/// Runs every test window on the host. Returns how well that went and the outputs.
///
/// # Errors
/// As [`feed::inputs`], [`host::run`] and [`judge`].
pub fn on_host(
    name: &str,
    graph: &Graph,
    windows: &Windows,
    observer: &mut dyn Observer,
) -> Result<(Evaluation, Vec<u8>)> {
    let graph = &windows.goal.deployed(graph.clone())?;
    let mut run = |set: &Dataset| host::run(graph, &feed::inputs(graph, set)?, observer);
    let threshold = match &windows.goal {
        Goal::Anomaly { percentile, .. } => {
            let set = &windows.split.validation;
            let scores = goal::scores(set, &values(graph, set, &run(set)?)?)?;
            Some(goal::threshold(&scores, *percentile))
        }
        _ => None,
    };
    let outputs = run(&windows.split.test)?;
    Ok((judge(name, graph, windows, &outputs, threshold)?, outputs))
}

/// Judges the outputs of one inference for each test window; windows are unusual above `threshold`.
///
/// # Errors
/// Outputs that do not fit the model's task.
pub fn judge(
    name: &str,
    graph: &Graph,
    windows: &Windows,
    outputs: &[u8],
    threshold: Option<f32>,
) -> Result<Evaluation> {
    let set = &windows.split.test;
    let outputs = values(graph, set, outputs)?;
    let mut evaluation = Evaluation { name: name.into(), split: "test".into(), ..Evaluation::default() };
    match &windows.goal {
        Goal::Classes => (evaluation.confusion, evaluation.auc) = classes(set, &outputs)?,
        Goal::Anomaly { is_normal, .. } => {
            let scores = goal::scores(set, &outputs)?;
            let from = threshold.unwrap_or(f32::INFINITY);
            (evaluation.confusion, evaluation.auc) = goal::unusual(set, is_normal, &scores, from);
            evaluation.threshold = threshold;
        }
        Goal::Objects(finder) => evaluation.finds = Some(finder.judge(set, &outputs)),
        Goal::Values { axes, names, ahead } => {
            evaluation.errors = goal::value_errors(windows, (axes, names, *ahead), &outputs)?;
        }
    }
    Ok(evaluation)
}

/// What a form of a model is called: `float32`, or the type of its input.
pub fn form(graph: &Graph) -> &'static str {
    graph.inputs.first().map_or("float32", |&input| graph.tensor(input).dtype.name())
}

/// Compares the outputs of host and device, `one` bytes for each inference.
pub fn agreement(host: &[u8], device: &[u8], one: usize) -> Agreement {
    let differ = |at: &usize| host.get(*at) != device.get(*at);
    let n_bytes = host.len().max(device.len());
    let mut differing = (0..n_bytes).filter(differ).peekable();
    let first = differing.peek().map(|&at| (at / one.max(1)) as u64);
    Agreement {
        n_inferences: (n_bytes / one.max(1)) as u64,
        n_bytes: n_bytes as u64,
        n_differing: differing.count() as u64,
        first_differing_inference: first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_counts_bytes_and_names_the_first_inference() {
        let same = agreement(&[1, 2, 3, 4], &[1, 2, 3, 4], 2);
        assert_eq!((same.n_inferences, same.n_bytes, same.n_differing), (2, 4, 0));
        assert_eq!(same.first_differing_inference, None);
        let other = agreement(&[1, 2, 3, 4, 5, 6], &[1, 2, 3, 9, 9], 2);
        assert_eq!((other.n_bytes, other.n_differing), (6, 3));
        assert_eq!(other.first_differing_inference, Some(1));
    }
}
