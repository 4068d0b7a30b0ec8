//! `smidgen report`: all numbers of a project, as tables and as a page.

use std::path::PathBuf;

use clap::Args;
use smidgen::Result;
use smidgen::artifacts::Artifacts;
use smidgen::report::{check, report};
use smidgen::reporting::terminal;

use super::project;
use crate::output::Output;

/// Run every test window on host and emulated board, and write the report page
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  smidgen report wand")]
pub(crate) struct Report {
    /// Project folder
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Board instead of the project's
    #[arg(long, value_name = "B")]
    board: Option<String>,
}

impl Report {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let mut project = project(&self.dir, output)?;
        if let Some(board) = self.board {
            project.board.name = board;
        }
        let report = report(&project, &self.dir, &mut output.progress())?;
        output.result(&report, || {
            let page = Artifacts::of(&self.dir).report_html();
            format!("{}\nAll of it with pictures: {}", terminal(&report), page.display())
        })?;
        check(&report)
    }
}
