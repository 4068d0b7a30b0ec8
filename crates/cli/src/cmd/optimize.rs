//! `smidgen optimize`: exact passes on a model file.

use std::path::PathBuf;

use clap::Args;
use smidgen::Result;
use smidgen::optimize::{Optimized, Size, optimize};
use smidgen::reporting::{count, shorten};

use super::reading::Reading;
use super::table;
use crate::output::Output;

/// Write a smaller model that computes the same, bit for bit
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  smidgen optimize model.tflite -o small.tflite")]
pub(crate) struct Optimize {
    /// A .tflite or .onnx file
    model: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// The file to write; its ending, .tflite or .onnx, says the format
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Inferences, random and extreme, on which both models are compared before anything is written
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    inferences: u32,
}

impl Optimize {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let model = self.reading.of(self.model);
        let seed = output.seed.unwrap_or(1);
        let optimized =
            optimize(&model, &self.output, self.inferences as usize, seed, &mut output.progress())?;
        output.result(&optimized, || text(&optimized))
    }
}

fn text(optimized: &Optimized) -> String {
    let Optimized { model, output, before, after, passes, layers, compared } = optimized;
    let size = |what: &str, of: fn(&Size) -> u64| vec![what.to_owned(), count(of(before)), count(of(after))];
    let sizes = [
        size("operators", |size| size.operators as u64),
        size("MACs", |size| size.macs),
        size("weights, bytes", |size| size.weights_bytes),
        size("arena, bytes", |size| size.arena_bytes),
    ];
    let mut text = format!("{}\n", table(&["", model, output], sizes, &[1, 2]));
    if passes.is_empty() {
        text += "The passes found nothing to do.\n";
        return text;
    }
    let rows = passes.iter().map(|pass| {
        let removed = [
            pass.operators_removed,
            pass.channels_removed,
            pass.macs_removed,
            pass.bytes_removed,
            pass.arena_bytes_removed,
        ];
        std::iter::once(pass.name.clone()).chain(removed.map(count)).collect()
    });
    let header = ["took away", "operators", "channels", "MACs", "weights", "arena"];
    text += &format!("{}\n", table(&header, rows, &[1, 2, 3, 4, 5]));
    if !layers.is_empty() {
        let change = |[before, after]: [u64; 2]| format!("{} \u{2192} {}", count(before), count(after));
        let rows = layers.iter().map(|layer| {
            vec![
                layer.op.clone(),
                shorten(&layer.name, 40),
                change(layer.channels.map(|n| n as u64)),
                change(layer.macs),
                change(layer.bytes.map(|n| n as u64)),
            ]
        });
        text += &format!("{}\n", table(&["layer", "output", "channels", "MACs", "bytes"], rows, &[2, 3, 4]));
    }
    let same = match compared.largest_difference {
        0.0 => "every bit is the same".to_owned(),
        apart => format!("float outputs are {apart:.1e} apart at most"),
    };
    text += &format!("Compared on {} inputs: {same}.\n", count(compared.inferences as u64));
    text
}
