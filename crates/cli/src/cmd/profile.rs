//! `smidgen profile`: flash, RAM and instructions, per layer.

use std::path::PathBuf;

use clap::Args;
use smidgen::Result;
use smidgen::profile::profile;
use smidgen::reporting::{layer_table, profile_table};

use super::reading::Reading;
use super::storing::Storing;
use crate::output::Output;

/// Flash, RAM and executed instructions of a model on a board, per layer
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  smidgen profile model.tflite --board mps2-an386 --json")]
pub(crate) struct Profile {
    /// A .tflite or .onnx file
    model: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Board to emulate
    #[arg(long, value_name = "B", default_value = "mps2-an386")]
    board: String,
    #[command(flatten)]
    storing: Storing,
}

impl Profile {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let parts = self.storing.parts();
        let profile = profile(&self.reading.of(self.model), &self.board, parts, &mut output.progress())?;
        output.result(&profile, || format!("{}\n{}", profile_table(&profile), layer_table(&profile)))
    }
}
