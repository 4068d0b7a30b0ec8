//! `smidgen build`: the firmware crate and the linked ELF.

use std::path::PathBuf;

use clap::Args;
use smidgen::Result;
use smidgen::events::{Event, Observer};
use smidgen::firmware::{Firmware, Parts, board};
use smidgen::reporting::profile_table;

use super::reading::Reading;
use super::storing::Storing;
use crate::output::Output;

/// Build a model's firmware crate and the linked ELF
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  smidgen build model.tflite --board mps2-an386 -o firmware")]
pub(crate) struct Build {
    /// A .tflite or .onnx file
    model: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Board to build for
    #[arg(long, value_name = "B", default_value = "mps2-an386")]
    board: String,
    /// Folder of the firmware crate
    #[arg(short, long, value_name = "DIR", default_value = "firmware")]
    output: PathBuf,
    #[command(flatten)]
    storing: Storing,
    /// Take the kernels of other firmware, so that a program may have several models
    #[arg(long, value_name = "DIR")]
    kernels_of: Option<PathBuf>,
    /// Section of the linker script that the constants go to, such as .ext_flash
    #[arg(long, value_name = "NAME")]
    weights_section: Option<String>,
    /// Write the crate without compiling it
    #[arg(long)]
    no_compile: bool,
}

impl Build {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let mut progress = output.progress();
        let board = board(&self.board)?;
        let model = self.reading.of(self.model);
        let (graph, name) = (model.read()?, model.name());
        let parts = Parts {
            kernels_of: self.kernels_of,
            weights_section: self.weights_section,
            ..self.storing.parts()
        };
        let firmware = Firmware::with(&graph, &name, &board, &self.output, parts)?;
        progress.event(Event::Wrote(&self.output));
        if self.no_compile {
            let value = serde_json::json!({ "model": name, "board": board.name, "dir": self.output });
            return output.result(&value, || format!("The crate is in {}", self.output.display()));
        }
        progress.event(Event::Begin("Building the firmware"));
        let built = firmware.build(&mut progress)?;
        output.result(&built.profile, || profile_table(&built.profile).to_string())
    }
}
