//! `smidgen stream`: front end, model and decision in one firmware, over a recording.

use std::path::PathBuf;

use clap::Args;
use smidgen::reporting::stream_text;
use smidgen::stream::{check, stream};
use smidgen::{Result, artifacts::Artifacts};

use super::project;
use crate::output::Output;

/// Run a recording through front end, model and decision on the emulated board
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  smidgen stream keywords\n  smidgen stream keywords --input recording.wav --board mps2-an500"
)]
pub(crate) struct Stream {
    /// Project folder
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Recording to stream instead of the test recordings, one after the other
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Board instead of the project's
    #[arg(long, value_name = "B")]
    board: Option<String>,
}

impl Stream {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let mut project = project(&self.dir, output)?;
        if let Some(board) = self.board {
            project.board.name = board;
        }
        let found = stream(&project, &self.dir, self.input.as_deref(), &mut output.progress())?;
        output.result(&found, || {
            format!(
                "{}\nThe firmware: {}",
                stream_text(&found),
                Artifacts::of(&self.dir).pipeline().display()
            )
        })?;
        check(&found)
    }
}
