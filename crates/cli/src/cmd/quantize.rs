//! `smidgen quantize`: a float model to int8.

use std::path::PathBuf;

use clap::Args;
use smidgen::artifacts::Artifacts;
use smidgen::model_file::{self, ModelFile};
use smidgen::project::{FILE_NAME, Project, Quantization};
use smidgen::quantize::{
    Calibration, DIAGNOSED, How, LayerError, diagnose, diagnose_project, on_windows, quantize,
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

impl Quantize {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let mut progress = output.progress();
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
                .then(|| diagnose(&graph, &quantized, &seen, project.quantization.how()))
                .transpose()?;
            (quantized, layers)
        } else {
            let inputs = raw_calibration(&graph, data)?;
            let how = self.with(How::default());
            let quantized = quantize(&graph, &inputs, how)?.0;
            let layers = self.diagnose.then(|| diagnose(&graph, &quantized, &inputs, how)).transpose()?;
            (quantized, layers)
        };
        let path = self.output.clone().unwrap_or_else(|| self.model.with_extension("int8.tflite"));
        model_file::write(&quantized, &path)?;
        done(&path, layers, output)
    }

    /// The way that the flags ask for.
    fn with(&self, how: How) -> How {
        How {
            method: self.calibration.unwrap_or(how.method),
            equalize: self.equalize || how.equalize,
            bias_correction: self.bias_correction || how.bias_correction,
            adaptive_rounding: self.adaptive_rounding || how.adaptive_rounding,
            activation_bits: self.activation_bits.unwrap_or(how.activation_bits),
            weight_bits: self.weight_bits.unwrap_or(how.weight_bits),
        }
    }

    fn with_flags(&self, mut project: Project) -> Project {
        let how = self.with(project.quantization.how());
        project.quantization = Quantization::new(project.quantization.calibration, how);
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
    let keys = ["#", "operator", "output", "own SQNR, dB", "SQNR, dB", "cosine", "clipped", "rms, steps"];
    let rows = layers.iter().take(SHOWN).map(|layer| {
        let name = smidgen::reporting::shorten(&layer.name, 32);
        let numbers = [
            format!("{:.1}", layer.own_sqnr_db),
            format!("{:.1}", layer.sqnr_db),
            format!("{:.5}", layer.cosine),
            format!("{:.2} %", 100.0 * layer.clipped),
            format!("{:.1}", layer.steps),
        ];
        [vec![layer.node.to_string(), layer.op.to_owned(), name], numbers.into()].concat()
    });
    let table = table(&keys, rows, &[0, 3, 4, 5, 6, 7]);
    let causes = layers.iter().filter_map(|layer| Some((layer, layer.cause?)));
    let advice: String = causes
        .take(SHOWN)
        .map(|(layer, cause)| format!("  {} {}: {}\n", layer.node, layer.op, cause.remedy()))
        .collect();
    format!("{table}\n{advice}")
}
