//! `smidgen quantize`: a float model to int8.

use std::path::PathBuf;

use clap::Args;
use smidgen::artifacts::Artifacts;
use smidgen::model_file::{self, ModelFile};
use smidgen::project::{FILE_NAME, Project, Quantization};
use smidgen::quantize::{
    Budget, Calibration, DIAGNOSED, LayerError, Precision, diagnose, diagnose_project, on_windows, quantize,
    quantize_project, raw_calibration, spread,
};
use smidgen::{Error, Result, dataset};

use super::reading::Reading;
use super::{project, table};
use crate::output::Output;

/// Layers that are shown.
const SHOWN: usize = 12;

/// Make a float model int8, calibrated on data
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  smidgen quantize wand\n  smidgen quantize wand --calibration mse --equalize --diagnose\n  \
    smidgen quantize float.tflite --data calibration.bin -o int8.tflite"
)]
pub(crate) struct Quantize {
    /// Project folder, or a float .tflite or .onnx
    #[arg(default_value = ".")]
    model: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Calibration data of a .tflite: a project folder, or a file of raw float32 inferences
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,
    /// File to write; beside the model when absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How activation ranges are found; the project's way, or min_max, when absent
    #[arg(long, value_name = "HOW", value_parser = calibration)]
    calibration: Option<Calibration>,
    /// Bring channels between layers to one range first
    #[arg(long)]
    equalize: bool,
    /// Let biases take back what rounded weights shift results by
    #[arg(long)]
    bias_correction: bool,
    /// Round weights so that results are nearest to the float ones, not each to its nearest step
    #[arg(long)]
    adaptive_rounding: bool,
    /// Bits of activations: 8, or 16 for nearly the accuracy of float32 at more time and memory
    #[arg(long, value_name = "BITS")]
    activation_bits: Option<u32>,
    /// Bits of weights: 8, or 4, 3, 2
    #[arg(long, value_name = "BITS")]
    weight_bits: Option<u32>,
    /// Compute a layer, by the name of its result, as float32, int16x8, int8 or int8x4; may be given several times
    #[arg(long = "layer", value_name = "NAME=PRECISION", value_parser = layer)]
    layers: Vec<(String, Precision)>,
    /// Choose the precision of layers: weights=BYTES gives 4 bits where it harms least, loss=POINTS 16 where it helps most
    #[arg(long, value_name = "BUDGET", value_parser = budget)]
    mixed: Option<Budget>,
    /// Only round the weights of a float model to float16: a file of half the size, which still computes in float32
    #[arg(long, conflicts_with_all = ["data", "calibration", "equalize", "bias_correction", "adaptive_rounding",
        "activation_bits", "weight_bits", "layers", "mixed", "diagnose"])]
    float16: bool,
    /// Show which layers add most noise, why, and what to try
    #[arg(long)]
    diagnose: bool,
}

/// `min_max`, `mse`, `entropy`, `percentile=99.9`, `moving_average=0.9`.
fn calibration(text: &str) -> std::result::Result<Calibration, String> {
    let number = |value: &str| value.parse::<f64>().map_err(|_| format!("\"{value}\" is no number"));
    match text.split_once('=') {
        None if text == "min_max" => Ok(Calibration::MinMax),
        None if text == "mse" => Ok(Calibration::Mse),
        None if text == "entropy" => Ok(Calibration::Entropy),
        Some(("percentile", value)) => number(value).map(|percent| Calibration::Percentile { percent }),
        Some(("moving_average", value)) => {
            number(value).map(|momentum| Calibration::MovingAverage { momentum })
        }
        _ => Err("expected min_max, mse, entropy, percentile=99.9 or moving_average=0.9".into()),
    }
}

/// `conv_3=int16x8`. Names may hold `=`.
fn layer(text: &str) -> std::result::Result<(String, Precision), String> {
    let known = [Precision::Float32, Precision::Int16x8, Precision::Int8, Precision::Int8x4];
    let parts = text.rsplit_once('=');
    let found = parts.and_then(|(name, word)| Some((name, known.into_iter().find(|of| of.name() == word)?)));
    let (name, precision) = found.ok_or("expected NAME=float32, NAME=int16x8, NAME=int8 or NAME=int8x4")?;
    Ok((name.to_owned(), precision))
}

/// `weights=40000` or `loss=0.5`.
fn budget(text: &str) -> std::result::Result<Budget, String> {
    let expected = || String::from("expected weights=BYTES or loss=POINTS");
    match text.split_once('=').ok_or_else(expected)? {
        ("weights", bytes) => bytes.parse().map(Budget::Weights).map_err(|_| expected()),
        ("loss", points) => {
            let points: f64 = points.parse().map_err(|_| expected())?;
            (points >= 0.0 && points.is_finite()).then_some(Budget::Loss(points)).ok_or_else(expected)
        }
        _ => Err(expected()),
    }
}

impl Quantize {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let mut progress = output.progress();
        if self.float16 {
            return self.float16(output);
        }
        if self.model.is_dir() {
            let project = self.with_flags(project(&self.model, output)?);
            quantize_project(&project, &self.model, &mut progress)?;
            let layers = self.diagnose.then(|| diagnose_project(&project, &self.model)).transpose()?;
            return done(&Artifacts::of(&self.model).model(), layers, output);
        }
        let graph = self.reading.of(&self.model).read()?;
        let data = self.data.as_ref().ok_or_else(|| {
            Error::input("--data is missing: quantisation needs inputs like those that the model will see")
                .help("--data FOLDER of a project, or --data FILE of raw float32 inferences")
        })?;
        let (quantized, layers) = if data.join(FILE_NAME).is_file() {
            let project = self.with_flags(project(data, output)?);
            let windows = dataset::windows(&project, data)?;
            let quantized = on_windows(&project, &graph, &windows, &mut progress)?;
            let seen = spread(&windows.split.validation, DIAGNOSED)?;
            let layers = self
                .diagnose
                .then(|| diagnose(&graph, &quantized, &seen, &project.quantization))
                .transpose()?;
            (quantized, layers)
        } else {
            let inputs = raw_calibration(&graph, data)?;
            let how = self.with(Quantization::default());
            let quantized = quantize(&graph, &inputs, &how)?.0;
            let layers = self.diagnose.then(|| diagnose(&graph, &quantized, &inputs, &how)).transpose()?;
            (quantized, layers)
        };
        let path = self.output.clone().unwrap_or_else(|| self.model.with_extension("int8.tflite"));
        model_file::write(&quantized, &path)?;
        done(&path, layers, output)
    }

    fn float16(&self, output: &Output) -> Result<()> {
        let artifacts = Artifacts::of(&self.model);
        let model = if self.model.is_dir() { artifacts.float_model() } else { self.model.clone() };
        let graph = self.reading.of(&model).read()?;
        let path = self.output.clone().unwrap_or_else(|| model.with_extension("float16.tflite"));
        model_file::write_float16(&graph, &path)?;
        done(&path, None, output)
    }

    /// The way that the flags ask for.
    fn with(&self, how: Quantization) -> Quantization {
        Quantization {
            calibration: how.calibration,
            method: self.calibration.unwrap_or(how.method),
            equalize: self.equalize || how.equalize,
            bias_correction: self.bias_correction || how.bias_correction,
            adaptive_rounding: self.adaptive_rounding || how.adaptive_rounding,
            activation_bits: self.activation_bits.unwrap_or(how.activation_bits),
            weight_bits: self.weight_bits.unwrap_or(how.weight_bits),
            layers: how.layers.into_iter().chain(self.layers.iter().cloned()).collect(),
            mixed: self.mixed.or(how.mixed),
        }
    }

    fn with_flags(&self, mut project: Project) -> Project {
        project.quantization = self.with(project.quantization);
        project
    }
}

fn done(path: &std::path::Path, layers: Option<Vec<LayerError>>, output: &Output) -> Result<()> {
    let bytes = smidgen::inspect::inspect(&ModelFile::new(path))?.cost.weights_bytes;
    let value = serde_json::json!({ "model": path, "weights_bytes": bytes, "layers": layers });
    output.result(&value, || {
        let layers = layers.as_deref().map_or_else(String::new, diagnosed);
        format!("{layers}{}: {bytes} bytes of weights", path.display())
    })
}

/// The layers that add most noise, and what to try.
fn diagnosed(layers: &[LayerError]) -> String {
    let keys =
        ["#", "operator", "output", "share", "own SQNR, dB", "SQNR, dB", "cosine", "clipped", "rms, steps"];
    let rows = layers.iter().take(SHOWN).map(|layer| {
        let name = smidgen::reporting::shorten(&layer.name, 32);
        let numbers = [
            layer.share.map_or_else(|| "–".into(), |share| format!("{:.1} %", 100.0 * share)),
            format!("{:.1}", layer.own_sqnr_db),
            format!("{:.1}", layer.sqnr_db),
            format!("{:.5}", layer.cosine),
            format!("{:.2} %", 100.0 * layer.clipped),
            format!("{:.1}", layer.steps),
        ];
        [vec![layer.node.to_string(), layer.op.to_owned(), name], numbers.into()].concat()
    });
    let table = table(&keys, rows, &[0, 3, 4, 5, 6, 7, 8]);
    let causes = layers.iter().filter_map(|layer| Some((layer, layer.cause?)));
    let advice: String = causes
        .take(SHOWN)
        .map(|(layer, cause)| format!("  {} {}: {}\n", layer.node, layer.op, cause.remedy()))
        .collect();
    format!("{table}\n{advice}")
}
