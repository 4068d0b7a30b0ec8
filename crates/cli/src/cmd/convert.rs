//! `smidgen convert`: a model file to another format.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use smidgen::Result;
use smidgen::convert::{Conversion, convert};

use super::reading::Reading;
use crate::output::Output;

/// Convert a model between .tflite and .onnx
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  smidgen convert model.onnx model.tflite\n  smidgen convert float.tflite float.onnx"
)]
pub(crate) struct Convert {
    /// A .tflite or .onnx file
    from: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// The file to write; its ending, .tflite or .onnx, says the format
    to: PathBuf,
    /// Write filters of few values as TensorFlow Lite Micro's indices into tables
    #[arg(long)]
    tflm_compression: bool,
}

impl Convert {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let conversion = convert(&self.reading.of(self.from), &self.to, self.tflm_compression)?;
        output.result(&conversion, || text(&conversion))
    }
}

fn text(conversion: &Conversion) -> String {
    let Conversion { from, to, operators, notes } = conversion;
    let mut text = format!("{from} is {to} now, with {operators} operators\n");
    for note in notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}
