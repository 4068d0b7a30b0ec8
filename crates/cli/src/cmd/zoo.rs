//! `smidgen zoo`: the models that projects can name.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use smidgen::inspect::Fit;
use smidgen::reporting::count;
use smidgen::zoo::{self, Config, Listed};
use smidgen::{Error, Result};

use super::table;
use crate::output::Output;

/// Known small networks: list them, or write one with initial weights
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  smidgen zoo list\n  smidgen zoo show mobilenet_v2 --width 0.5 --input 64x64x1\n  \
                        smidgen zoo write ds_cnn_s --outputs 4 -o untrained.tflite"
)]
pub(crate) struct Zoo {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Every model at its default size
    List,
    /// What one model costs at a size
    Show(Choice),
    /// A .tflite or .onnx file with initial weights
    Write {
        #[command(flatten)]
        choice: Choice,
        /// The file to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Choice {
    /// A name that `smidgen zoo list` prints
    name: String,
    /// Height, width and channels of the input, as 96x96x3
    #[arg(long, value_name = "HxWxC", value_parser = extents)]
    input: Option<[usize; 3]>,
    /// Classes, clusters or components
    #[arg(long, value_name = "N")]
    outputs: Option<usize>,
    /// Multiplies the channels
    #[arg(long, value_name = "X")]
    width: Option<f32>,
    /// Multiplies the repeated blocks
    #[arg(long, value_name = "X")]
    depth: Option<f32>,
}

fn extents(text: &str) -> std::result::Result<[usize; 3], String> {
    let parts: std::result::Result<Vec<usize>, _> = text.split('x').map(str::parse).collect();
    let parts = parts.ok().and_then(|parts| <[usize; 3]>::try_from(parts).ok());
    parts.ok_or_else(|| "expected height, width and channels, as 96x96x3".into())
}

impl Choice {
    fn config(&self) -> Result<(&'static smidgen::zoo::Entry, Config)> {
        let entry = zoo::find(&self.name).map_err(|error| Error::input(error).help("smidgen zoo list"))?;
        let Config { input, outputs, width, depth } = entry.default;
        let config = Config {
            input: self.input.unwrap_or(input),
            outputs: self.outputs.unwrap_or(outputs),
            width: self.width.unwrap_or(width),
            depth: self.depth.unwrap_or(depth),
        };
        Ok((entry, config))
    }
}

impl Zoo {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        match self.action {
            Action::List => {
                let list = zoo::list()?;
                output.result(&list, || text(&list))
            }
            Action::Show(choice) => {
                let (entry, config) = choice.config()?;
                let listed = zoo::listed(entry, config)?;
                output.result(&listed, || text(std::slice::from_ref(&listed)))
            }
            Action::Write { choice, output: path } => {
                let (entry, config) = choice.config()?;
                zoo::write(entry, &config, output.seed.unwrap_or(1), &path)?;
                let listed = zoo::listed(entry, config)?;
                output.result(&listed, || {
                    format!("{}wrote {}", text(std::slice::from_ref(&listed)), path.display())
                })
            }
        }
    }
}

fn text(models: &[Listed]) -> String {
    let rows = models.iter().map(|model| {
        let [height, width, channels] = model.input;
        let cost = &model.cost;
        vec![
            model.name.to_owned(),
            format!("{height}x{width}x{channels}"),
            model.outputs.to_string(),
            model.width.to_string(),
            model.dtype.to_owned(),
            count(cost.parameters),
            count(cost.macs),
            count(cost.arena_bytes),
            boards(&cost.boards),
        ]
    });
    let header = ["model", "input", "outputs", "width", "type", "parameters", "MACs", "arena", "fits"];
    let table = table(&header, rows, &[2, 3, 5, 6, 7]);
    let summaries = models.iter().map(|model| format!("  {:<18}  {}\n", model.name, model.summary));
    format!("{table}\n{}", summaries.collect::<String>())
}

/// The boards that a model fits, or those that it does not where they are fewer.
fn boards(boards: &[Fit]) -> String {
    let names = |fits: bool| {
        let names = boards.iter().filter(move |fit| fit.fits == fits).map(|fit| fit.board.as_str());
        names.collect::<Vec<_>>()
    };
    match (names(true), names(false)) {
        (_, without) if without.is_empty() => "all".to_owned(),
        (with, _) if with.is_empty() => "none".to_owned(),
        (with, without) if without.len() < with.len() => format!("all but {}", without.join(", ")),
        (with, _) => with.join(", "),
    }
}
