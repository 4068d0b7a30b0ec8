//! Accuracy: outputs against labels, on the host, and host against device.

use smidgen_data::Dataset;
use smidgen_ir::Graph;
use smidgen_report::{Agreement, ConfusionMatrix, Evaluation};

use crate::events::Observer;
use crate::{Error, Result, feed, host};

/// The confusion matrix of `outputs`, one inference for each sample of `set`.
///
/// # Errors
/// Outputs that name no class, or another number of them than samples.
pub fn confusion(graph: &Graph, set: &Dataset, outputs: &[u8]) -> Result<ConfusionMatrix> {
    let one = graph.output_bytes();
    if outputs.len() != one * set.samples.len() {
        return Err(Error::input(format!(
            "{} output bytes for {} windows, expected {one} for each",
            outputs.len(),
            set.samples.len()
        )));
    }
    let n_scores: usize = graph.outputs.iter().map(|&output| graph.tensor(output).n_elements()).sum();
    if n_scores != set.classes.len() {
        let n_classes = set.classes.len();
        return Err(Error::input(format!(
            "the model tells {n_scores} classes apart, the data has {n_classes}"
        ))
        .help("use the model that was trained on this data"));
    }
    let mut confusion = ConfusionMatrix::new(&set.classes);
    for (sample, output) in set.samples.iter().zip(outputs.chunks(one)) {
        confusion.add(sample.label, feed::class(graph, output)?);
    }
    Ok(confusion)
}

/// Runs every sample of `set` on the host. Returns the accuracy and the outputs.
///
/// # Errors
/// As [`feed::inputs`], [`host::run`] and [`confusion`].
pub fn on_host(
    name: &str,
    graph: &Graph,
    set: &Dataset,
    observer: &mut dyn Observer,
) -> Result<(Evaluation, Vec<u8>)> {
    let outputs = host::run(graph, &feed::inputs(graph, set)?, observer)?;
    let confusion = confusion(graph, set, &outputs)?;
    Ok((Evaluation { name: name.into(), split: "test".into(), confusion }, outputs))
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
