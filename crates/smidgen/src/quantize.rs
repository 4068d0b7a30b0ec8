//! A float model to int8, calibrated on training windows or on raw inputs.

use std::path::Path;

use smidgen_compress::post_training_quantization::{self, Config};
use smidgen_compress::{Context, cross_layer_equalization, diagnosis};

pub use smidgen_compress::diagnosis::{Cause, LayerError};
pub use smidgen_compress::post_training_quantization::Calibration;
use smidgen_data::Dataset;
use smidgen_ir::Graph;

use crate::artifacts::Artifacts;
use crate::dataset;
use crate::dataset::{Windows, data_error};
use crate::events::{Event, Observer};
use crate::project::Project;
use crate::{Error, Result, files, model_file, scorer};

/// How a float model becomes int8.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct How {
    /// How activation ranges are found.
    pub method: Calibration,
    /// Whether channels between layers are brought to one range first.
    pub equalize: bool,
    /// Whether biases take back what rounded weights shift results by.
    pub bias_correction: bool,
    /// Whether weights are rounded so that results are nearest to the float ones.
    pub adaptive_rounding: bool,
    /// Bits of activations: 8 or 16.
    pub activation_bits: u32,
    /// Bits of the weights of CONV_2D and FULLY_CONNECTED: 8, or 2 to 4.
    pub weight_bits: u32,
}

impl Default for How {
    fn default() -> Self {
        How {
            method: Calibration::default(),
            equalize: false,
            bias_correction: false,
            adaptive_rounding: false,
            activation_bits: 8,
            weight_bits: 8,
        }
    }
}

impl How {
    /// The float graph that is quantised.
    fn equalized(self, graph: &Graph, context: &mut Context<'_>) -> Result<Graph> {
        match self.equalize {
            true => {
                cross_layer_equalization::apply(graph, &Default::default(), context).map_err(Error::input)
            }
            false => Ok(graph.clone()),
        }
    }
}

/// The int8 form of `graph`, and what was done in lines for people.
///
/// # Errors
/// A graph that is not float32, or calibration inputs that do not fit it.
pub fn quantize(graph: &Graph, calibration: &[Vec<f32>], how: How) -> Result<(Graph, Vec<String>)> {
    let mut context = Context::new(calibration);
    let graph = how.equalized(graph, &mut context)?;
    let How { method: calibration, bias_correction, adaptive_rounding, activation_bits, weight_bits, .. } =
        how;
    let config = Config {
        calibration,
        bias_correction,
        adaptive_rounding,
        activation_bits,
        weight_bits,
        ..Config::default()
    };
    let quantized = post_training_quantization::apply(&graph, &config, &mut context).map_err(Error::input)?;
    Ok((quantized, context.log))
}

/// Quantises the float model of the project in `dir` on its training windows and writes `model.tflite`.
///
/// # Errors
/// As [`quantize`], and a project that was not trained yet.
pub fn quantize_project(project: &Project, dir: &Path, observer: &mut dyn Observer) -> Result<Graph> {
    let artifacts = Artifacts::of(dir);
    let path = artifacts.float_model();
    if !path.exists() {
        return Err(not_trained(&path));
    }
    let _lock = artifacts.lock()?;
    let graph = model_file::read(&path)?;
    let windows = dataset::windows(project, dir)?;
    let quantized = on_windows(project, &graph, &windows, observer)?;
    model_file::write(&quantized, &artifacts.model())?;
    observer.event(Event::Wrote(&artifacts.model()));
    Ok(quantized)
}

pub(crate) fn not_trained(path: &Path) -> Error {
    Error::input("the project has no float model yet").at(path.display()).help("smidgen train")
}

/// Quantises `graph` on the windows that the project sets aside for calibration, spread evenly over those to train with. A
/// detector gets its decoding.
///
/// # Errors
/// As [`quantize`].
pub fn on_windows(
    project: &Project,
    graph: &Graph,
    windows: &Windows,
    observer: &mut dyn Observer,
) -> Result<Graph> {
    if let Some(entry) = scorer::of(project) {
        let line = format!("{} stays float32: squared distances do not fit int8", entry.name);
        observer.event(Event::Line(&line));
        return Ok(graph.clone());
    }
    let quantization = &project.quantization;
    let calibration = spread(&windows.split.train, quantization.calibration)?;
    let (quantized, log) = quantize(graph, &calibration, quantization.how())?;
    log.iter().for_each(|line| observer.event(Event::Line(line)));
    windows.goal.deployed(quantized)
}

/// Windows or inferences that a diagnosis looks at.
pub const DIAGNOSED: usize = 32;

/// Where the int8 model of the project in `dir` differs from its float model on validation windows, the layer that adds most
/// noise first.
///
/// # Errors
/// A project that was not quantised, or whose model stays float32.
pub fn diagnose_project(project: &Project, dir: &Path) -> Result<Vec<LayerError>> {
    let artifacts = Artifacts::of(dir);
    let (float, int8) = (artifacts.float_model(), artifacts.model());
    if let Some(missing) = [&float, &int8].into_iter().find(|path| !path.exists()) {
        return Err(not_trained(missing).help("smidgen train, then smidgen quantize"));
    }
    let windows = dataset::windows(project, dir)?;
    let seen = spread(&windows.split.validation, DIAGNOSED)?;
    diagnose(&model_file::read(&float)?, &model_file::read(&int8)?, &seen, project.quantization.how())
}

/// Where `int8` differs from `float`, which it was made of in this way, on `inputs`.
///
/// # Errors
/// Models that do not belong together, or inputs that do not fit.
pub fn diagnose(float: &Graph, int8: &Graph, inputs: &[Vec<f32>], how: How) -> Result<Vec<LayerError>> {
    let mut context = Context::new(inputs.get(..DIAGNOSED).unwrap_or(inputs));
    // Equalised channels stand beside equalised ones.
    let float = how.equalized(float, &mut context)?;
    diagnosis::diagnose(&float, int8, &context).map_err(Error::input)
}

/// At most `n` samples, evenly spread over the set, so that every class and person is among them.
///
/// # Errors
/// Windows that cannot be read.
pub fn spread(set: &Dataset, n: usize) -> Result<Vec<Vec<f32>>> {
    let total = set.samples.len();
    let n = n.min(total);
    let read = |at: usize| set.values(at * total / n).map_err(|error| data_error(&error));
    (0..n).map(read).collect()
}

/// Calibration inputs from a file of raw float32 inferences, little endian.
///
/// # Errors
/// A file that is not a whole number of inferences of `graph`, or holds a value that is not finite.
pub fn raw_calibration(graph: &Graph, path: &Path) -> Result<Vec<Vec<f32>>> {
    let bytes = files::read(path)?;
    let n_values: usize = graph.inputs.iter().map(|&input| graph.tensor(input).n_elements()).sum();
    let (words, rest) = bytes.as_chunks::<4>();
    if words.is_empty() || !rest.is_empty() || !words.len().is_multiple_of(n_values.max(1)) {
        return Err(Error::input(format!(
            "the file has {} bytes; one inference is {n_values} float32 values, expected a multiple of {} bytes",
            bytes.len(),
            n_values * 4
        ))
        .at(path.display())
        .help("write inferences one after the other as little-endian float32, or give a project's folder"));
    }
    let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        return Err(Error::input(format!("value {at} is {}, expected a finite number", values[at]))
            .at(path.display())
            .help("remove or repair the recording it comes from"));
    }
    Ok(values.chunks(n_values.max(1)).map(<[f32]>::to_vec).collect())
}
