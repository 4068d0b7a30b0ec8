//! A float model to int8, calibrated on training windows or on raw inputs.

use std::path::Path;

use smidgen_compress::post_training_quantization::{self, Config};
use smidgen_compress::{
    CompressError, Context, cross_layer_equalization, diagnosis, mixed_precision, quantize as values,
};

pub use smidgen_compress::diagnosis::{Cause, LayerError};
pub use smidgen_compress::mixed_precision::{Budget, Judge};
pub use smidgen_compress::post_training_quantization::{Calibration, Layers, Precision};
use smidgen_data::Dataset;
use smidgen_ir::{Graph, Interpreter};

use crate::artifacts::Artifacts;
use crate::dataset;
use crate::dataset::{Windows, data_error};
use crate::events::{Event, Observer};
use crate::goal::Goal;
use crate::project::{Project, Quantization};
use crate::{Error, Result, evaluate, feed, files, model_file, scorer};

/// The options of the technique.
fn config(how: &Quantization) -> Config {
    Config {
        calibration: how.method,
        bias_correction: how.bias_correction,
        adaptive_rounding: how.adaptive_rounding,
        activation_bits: how.activation_bits,
        weight_bits: how.weight_bits,
        layers: how.layers.clone(),
        ..Config::default()
    }
}

/// The float graph that is quantised.
fn equalized(how: &Quantization, graph: &Graph, context: &mut Context<'_>) -> Result<Graph> {
    match how.equalize {
        true => cross_layer_equalization::apply(graph, &Default::default(), context).map_err(Error::input),
        false => Ok(graph.clone()),
    }
}

/// The int8 form of `graph`, and what was done in lines for people. A budget of loss counts how often another output is highest
/// than in the float graph, in percent.
///
/// # Errors
/// A graph that is not float32, or calibration inputs that do not fit it.
pub fn quantize(graph: &Graph, calibration: &[Vec<f32>], how: &Quantization) -> Result<(Graph, Vec<String>)> {
    let highest = |graph: &Graph| -> std::result::Result<Vec<usize>, CompressError> {
        let mut interpreter = Interpreter::new(graph)?;
        let mut one = |input: &Vec<f32>| {
            interpreter.reset();
            let output = interpreter.run(&values::quantize_input(graph, input)?)?;
            Ok(feed::largest(&values::dequantize_output(graph, &output)?))
        };
        calibration.iter().map(&mut one).collect()
    };
    let wanted = if how.mixed.is_some() { highest(graph).map_err(Error::input)? } else { Vec::new() };
    judged(graph, calibration, how, &mut |candidate| {
        let same = highest(candidate)?.iter().zip(&wanted).filter(|(found, wanted)| found == wanted).count();
        Ok(100.0 * same as f64 / wanted.len().max(1) as f64)
    })
}

/// [`quantize`], where `judge` tells what a graph is worth.
fn judged(
    graph: &Graph,
    calibration: &[Vec<f32>],
    how: &Quantization,
    judge: &mut Judge<'_>,
) -> Result<(Graph, Vec<String>)> {
    let mut context = Context::new(calibration);
    let graph = equalized(how, graph, &mut context)?;
    let config = config(how);
    let quantized = match how.mixed {
        Some(budget) => mixed_precision::apply(&graph, &config, budget, &mut context, judge),
        None => post_training_quantization::apply(&graph, &config, &mut context),
    };
    Ok((quantized.map_err(Error::input)?, context.log))
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
    let mut judge = |candidate: &Graph| match windows.goal {
        Goal::Classes => {
            let right = evaluate::right(candidate, &windows.split.validation);
            right.map(|share| 100.0 * share).map_err(|error| CompressError::Data(error.to_string()))
        }
        _ => Err(CompressError::Options(
            "a budget of loss is for models that tell classes; give one of weights".into(),
        )),
    };
    let (quantized, log) = judged(graph, &calibration, quantization, &mut judge)?;
    let (notes, lines): (Vec<_>, Vec<_>) = log.iter().partition(|line| line.starts_with("mixed_precision"));
    lines.into_iter().for_each(|line| observer.event(Event::Line(line)));
    notes.into_iter().for_each(|note| observer.event(Event::Note(note)));
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
    diagnose(&model_file::read(&float)?, &model_file::read(&int8)?, &seen, &project.quantization)
}

/// Where `int8` differs from `float`, which it was made of in this way, on `inputs`.
///
/// # Errors
/// Models that do not belong together, or inputs that do not fit.
pub fn diagnose(
    float: &Graph,
    int8: &Graph,
    inputs: &[Vec<f32>],
    how: &Quantization,
) -> Result<Vec<LayerError>> {
    let mut context = Context::new(inputs.get(..DIAGNOSED).unwrap_or(inputs));
    // Equalised channels stand beside equalised ones.
    let float = equalized(how, float, &mut context)?;
    let mut layers = diagnosis::diagnose(&float, int8, &context).map_err(Error::input)?;
    let shares = mixed_precision::sensitivity(&float, &config(how), &mut context).map_err(Error::input)?;
    for layer in &mut layers {
        layer.share = shares.iter().find(|of| of.name == layer.name).map(|of| of.share);
    }
    Ok(layers)
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
