//! `smidgen quantize`: a float model to int8.

use std::path::PathBuf;

use clap::Args;
use smidgen::artifacts::Artifacts;
use smidgen::model_file::{self, ModelFile};
use smidgen::project::FILE_NAME;
use smidgen::quantize::{on_windows, quantize, quantize_project, raw_calibration};
use smidgen::{Error, Result, dataset};

use super::project;
use super::reading::Reading;
use crate::output::Output;

/// Make a float model int8, calibrated on data
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  smidgen quantize wand\n  smidgen quantize float.tflite --data calibration.bin -o int8.tflite"
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
}

impl Quantize {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let mut progress = output.progress();
        if self.model.is_dir() {
            let project = project(&self.model, output)?;
            quantize_project(&project, &self.model, &mut progress)?;
            return done(&Artifacts::of(&self.model).model(), output);
        }
        let graph = self.reading.of(&self.model).read()?;
        let data = self.data.ok_or_else(|| {
            Error::input("--data is missing: quantisation needs inputs like those that the model will see")
                .help("--data FOLDER of a project, or --data FILE of raw float32 inferences")
        })?;
        let quantized = if data.join(FILE_NAME).is_file() {
            let project = project(&data, output)?;
            let windows = dataset::windows(&project, &data)?;
            on_windows(&project, &graph, &windows, &mut progress)?
        } else {
            quantize(&graph, &raw_calibration(&graph, &data)?, Default::default())?.0
        };
        let path = self.output.unwrap_or_else(|| self.model.with_extension("int8.tflite"));
        model_file::write(&quantized, &path)?;
        done(&path, output)
    }
}

fn done(path: &std::path::Path, output: &Output) -> Result<()> {
    let inspection = smidgen::inspect::inspect(&ModelFile::new(path))?;
    output
        .result(&serde_json::json!({ "model": path, "weights_bytes": inspection.cost.weights_bytes }), || {
            format!("{}: {} bytes of weights", path.display(), inspection.cost.weights_bytes)
        })
}
