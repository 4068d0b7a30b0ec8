//! `smidgen run`: inference over raw tensors.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use smidgen::Result;
use smidgen::reporting::count;
use smidgen::run::{Job, On, run};

use super::reading::Reading;
use crate::output::Output;

/// Run raw tensors through a model, on the host or in the emulator
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  smidgen run model.tflite --input in.bin --output out.bin --on qemu --board mps2-an386"
)]
pub(crate) struct Run {
    /// A .tflite or .onnx file
    model: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// One or more inferences: each is the model's inputs in order, concatenated, little endian, NHWC
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Where the outputs go, in the same form
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where to run
    #[arg(long, value_enum, default_value_t = Place::Host)]
    on: Place,
    /// Board to emulate
    #[arg(long, value_name = "B", default_value = "mps2-an386")]
    board: String,
    /// Folder for the output of each operator of the first inference, `NNN_<OPERATOR>.bin` (further ones `.1.bin`, …)
    #[arg(long, value_name = "DIR")]
    layers: Option<PathBuf>,
    /// Keep state (variables, recurrent layers) from one inference to the next instead of starting each afresh
    #[arg(long)]
    stateful: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Place {
    Host,
    Qemu,
}

impl Run {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let on = match self.on {
            Place::Host => On::Host,
            Place::Qemu => On::Qemu(&self.board),
        };
        let model = self.reading.of(self.model);
        let job = Job {
            model: &model,
            input: &self.input,
            output: self.output.as_deref(),
            layers: self.layers.as_deref(),
            on,
            stateful: self.stateful,
        };
        let ran = run(&job, &mut output.progress())?;
        output.result(&ran, || {
            let instructions = ran.instructions.map(|n| format!(", {} instructions for the first", count(n)));
            let plural = if ran.n_inferences == 1 { "" } else { "s" };
            format!("{} inference{plural}{}", ran.n_inferences, instructions.unwrap_or_default())
        })
    }
}
