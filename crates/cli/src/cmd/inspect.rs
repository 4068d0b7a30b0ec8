//! `smidgen inspect`: what a model file is.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use smidgen::Result;
use smidgen::inspect::{Inspection, Port, inspect};
use smidgen::reporting::{count, shorten};

use super::reading::Reading;
use super::table;
use crate::output::Output;

/// Inputs, outputs, operators, MACs, parameters, arena map and the boards a model fits
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  smidgen inspect model.tflite")]
pub(crate) struct Inspect {
    /// A .tflite or .onnx file
    model: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

impl Inspect {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let inspection = inspect(&self.reading.of(self.model))?;
        output.result(&inspection, || text(&inspection))
    }
}

fn text(inspection: &Inspection) -> String {
    let mut text = format!("{}\n", inspection.model);
    for (kind, ports) in [("input", &inspection.inputs), ("output", &inspection.outputs)] {
        for port in ports {
            let _ = writeln!(text, "  {kind:<6}  {}", port_text(port));
        }
    }
    for note in &inspection.notes {
        let _ = writeln!(text, "  note    {note}");
    }
    let layers = inspection.layers.iter();
    let layers = layers.map(|l| vec![l.index.to_string(), l.op.clone(), shorten(&l.name, 40), count(l.macs)]);
    let _ = writeln!(text, "{}", table(&["#", "operator", "output", "MACs"], layers, &[0, 3]));
    let (map, cost) = (&inspection.memory_map, &inspection.cost);
    let _ = writeln!(
        text,
        "MACs {}, parameters {}, weights {} bytes\narena {} bytes, at least {} are needed at once",
        count(cost.macs),
        count(cost.parameters),
        count(cost.weights_bytes),
        count(map.arena_bytes as u64),
        count(map.lower_bound_bytes as u64)
    );
    let buffers = map.buffers.iter().map(|buffer| {
        let calls = format!("{}–{}", buffer.first_call, buffer.last_call);
        vec![count(buffer.offset as u64), count(buffer.bytes as u64), calls, shorten(&buffer.name, 40)]
    });
    let _ = writeln!(text, "{}", table(&["offset", "bytes", "calls", "buffer"], buffers, &[0, 1, 2]));
    let boards = cost.boards.iter().map(|fit| {
        let fits = if fit.fits { "fits" } else { "does not fit" };
        vec![fit.board.clone(), count(fit.flash_bytes.into()), count(fit.ram_bytes.into()), fits.to_owned()]
    });
    let header = ["board", "flash", "RAM", "weights and arena"];
    let _ = writeln!(text, "{}", table(&header, boards, &[1, 2]));
    text
}

fn port_text(port: &Port) -> String {
    let quant = match (port.scale, port.zero_point) {
        (Some(scale), Some(zero_point)) => format!(", scale {scale}, zero point {zero_point}"),
        _ => String::new(),
    };
    format!("{} {:?} \"{}\"{quant}", port.dtype, port.shape, port.name)
}
