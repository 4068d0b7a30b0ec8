//! The model zoo: what each model costs before it is trained, and untrained models as files.

use std::path::Path;

use serde::Serialize;
use smidgen_ir::{Graph, passes};
use smidgen_zoo::{MODELS, Task};

pub use smidgen_zoo::{Config, Entry, find};

use crate::inspect::{Cost, cost};
use crate::project::Quantization;
use crate::{Error, Result, model_file, quantize};

/// A model of the zoo and what it costs on a device. Only arithmetic and shapes matter for that, not the weights.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// Its name in project files.
    pub name: &'static str,
    /// What it is, one line.
    pub summary: &'static str,
    /// Height, width and channels of the input.
    pub input: [usize; 3],
    /// Classes, clusters or components.
    pub outputs: usize,
    /// Multiplies the channels.
    pub width: f32,
    /// Multiplies the repeated blocks.
    pub depth: f32,
    /// Element type that the cost is for: `int8`, or `float32` for what is not quantised.
    pub dtype: &'static str,
    /// What it costs.
    #[serde(flatten)]
    pub cost: Cost,
}

/// Every model at its default size.
///
/// # Errors
/// Board files that cannot be read.
pub fn list() -> Result<Vec<Listed>> {
    MODELS.iter().map(|entry| listed(entry, entry.default)).collect()
}

/// One model at a size.
///
/// # Errors
/// A size out of range, or an input too small for the model.
pub fn listed(entry: &Entry, config: Config) -> Result<Listed> {
    let graph = initial(entry, &config, 1)?;
    let (graph, dtype) = deployed(&graph, entry.task)?;
    let Config { input, outputs, width, depth } = config;
    let (name, summary) = (entry.name, entry.summary);
    Ok(Listed { name, summary, input, outputs, width, depth, dtype, cost: cost(&graph)? })
}

/// A model of the zoo with initial weights.
///
/// # Errors
/// A size out of range, or an input too small for the model.
pub fn initial(entry: &Entry, config: &Config, seed: u64) -> Result<Graph> {
    let help = "smidgen zoo list shows the models and the sizes they are known with";
    let mut graph = entry.build(config).map_err(|error| Error::input(error).help(help))?;
    smidgen_train::init(&mut graph, seed).map_err(Error::input)?;
    Ok(graph)
}

/// Writes a model of the zoo with initial weights, float32, with batch normalisation folded.
///
/// # Errors
/// As [`initial`], and a file that cannot be written.
pub fn write(entry: &Entry, config: &Config, seed: u64, path: &Path) -> Result<()> {
    let graph = passes::fold_batch_norm(&initial(entry, config, seed)?).map_err(Error::input)?;
    model_file::write(&passes::dead_code(&graph).map_err(Error::input)?, path)
}

/// The form that goes to a device, and its element type. Anomaly scorers stay float: they are small, and squared distances
/// do not fit int8.
fn deployed(graph: &Graph, task: Task) -> Result<(Graph, &'static str)> {
    if task == Task::Anomaly {
        return Ok((graph.clone(), "float32"));
    }
    let n_values: usize = graph.inputs.iter().map(|&input| graph.tensor(input).n_elements()).sum();
    let wave = (0..n_values).map(|at| (at as f32 * 0.7).sin()).collect();
    let (int8, _) = quantize::quantize(graph, &[wave], &Quantization::default())?;
    Ok((int8, "int8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_has_a_device_form_that_fits_some_board() {
        for model in list().unwrap() {
            let cost = &model.cost;
            assert!(cost.parameters > 0 && cost.arena_bytes > 0, "{}", model.name);
            assert!(cost.boards.iter().any(|fit| fit.fits), "{}: {cost:?}", model.name);
        }
    }
}
