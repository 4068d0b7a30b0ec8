//! `smidgen demo`: the whole road on data that ships.

use std::path::PathBuf;

use clap::Args;
use smidgen::Result;
use smidgen::demo::{Options, demo};
use smidgen::reporting::terminal;

use crate::output::Output;

/// The whole road: data, training, int8, firmware, every test window on an emulated board, report
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  smidgen demo --data recordings/ --epochs 20 --out wand")]
pub(crate) struct Demo {
    /// Recordings instead of the generated ones: a .jsonl file or a folder of them
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Epochs of training
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    /// Folder of the project that is made
    #[arg(long, value_name = "DIR", default_value = "smidgen-demo")]
    out: PathBuf,
    /// Board to build for
    #[arg(long, value_name = "B")]
    board: Option<String>,
    /// Go on after the last whole epoch of an earlier run
    #[arg(long)]
    resume: bool,
}

impl Demo {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let Demo { data, epochs, out, board, resume } = self;
        let options = Options { data, epochs, board, seed: output.seed, resume };
        let report = demo(&options, &out, &mut output.progress())?;
        output.result(&report, || {
            let page = out.join("build/report.html");
            format!("{}\nAll of it with pictures: {}", terminal(&report), page.display())
        })
    }
}
