//! `smidgen verify`: every intermediate tensor, host against device.

use std::path::PathBuf;

use clap::Args;
use smidgen::reporting::{count, shorten};
use smidgen::verify::{Difference, verify};
use smidgen::{Error, Result};

use super::reading::Reading;
use super::table;
use crate::output::Output;

/// Compare every operator's output on the host and on the emulated board
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  smidgen verify model.tflite --board mps2-an386")]
pub(crate) struct Verify {
    /// A .tflite or .onnx file
    model: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Board to emulate
    #[arg(long, value_name = "B", default_value = "mps2-an386")]
    board: String,
    /// Raw inputs, of which the first inference is taken; a fixed pseudo-random one when absent
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
}

impl Verify {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let model = self.reading.of(self.model);
        let layers = verify(&model, self.input.as_deref(), &self.board, &mut output.progress())?;
        let differing: usize = layers.iter().map(|layer| layer.n_differing).sum();
        let total: usize = layers.iter().map(|layer| layer.n_bytes).sum();
        let value = serde_json::json!({ "board": self.board, "bytes": total, "differing": differing, "layers": layers });
        output.result(&value, || {
            let rows = layers.iter().map(|layer| {
                let (bytes, differing) = (count(layer.n_bytes as u64), count(layer.n_differing as u64));
                let first = layer.first.as_ref().map_or_else(String::new, place);
                vec![
                    layer.index.to_string(),
                    layer.op.clone(),
                    shorten(&layer.name, 40),
                    bytes,
                    differing,
                    first,
                ]
            });
            let columns = ["#", "operator", "output", "bytes", "differing", "first difference"];
            table(&columns, rows, &[0, 3, 4]).to_string()
        })?;
        match layers.iter().find(|layer| layer.n_differing > 0) {
            None => Ok(()),
            Some(first) => {
                Err(Error::check(format!("host and device differ in {differing} of {total} bytes"))
                    .at(format!(
                        "first at node {} {} \"{}\", {}",
                        first.index,
                        first.op,
                        first.name,
                        first.first.as_ref().map_or_else(String::new, place)
                    ))
                    .help("please report it as a bug, with the model"))
            }
        }
    }
}

/// `element 12: host 5, device 6`
fn place(first: &Difference) -> String {
    let output = if first.output > 0 { format!("output {}, ", first.output) } else { String::new() };
    format!("{output}element {}: host {}, device {}", first.element, first.host, first.device)
}
