//! `smidgen train`: the project's windows to a float model.

use std::path::PathBuf;

use clap::Args;
use smidgen::Result;
use smidgen::artifacts::Artifacts;
use smidgen::reporting::percent;
use smidgen::train::{Options, train};

use super::project;
use crate::output::Output;

/// Train the project's network; Ctrl-C keeps the last whole epoch
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  smidgen train wand\n  smidgen train wand --resume")]
pub(crate) struct Train {
    /// Project folder
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Go on after the last whole epoch of an interrupted training
    #[arg(long)]
    resume: bool,
    /// Epochs instead of the project's
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
}

impl Train {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let project = project(&self.dir, output)?;
        let options = Options { resume: self.resume, epochs: self.epochs };
        let trained = train(&project, &self.dir, options, &mut output.progress())?;
        let model = Artifacts::of(&self.dir).float_model();
        let value = serde_json::json!({ "model": model, "training": trained.training });
        output.result(&value, || {
            let last = trained.training.epochs.last();
            let judged = match last.map(|epoch| (epoch.validation_accuracy, epoch.validation_loss)) {
                Some((Some(accuracy), _)) => format!("validation accuracy {}", percent(accuracy)),
                Some((_, Some(loss))) => format!("validation loss {loss:.4}"),
                _ => String::from("fitted"),
            };
            format!(
                "{} parameters, {judged}\nNext: smidgen quantize {}",
                trained.training.n_parameters,
                self.dir.display()
            )
        })
    }
}
