//! `smidgen eval`: accuracy on people not seen in training.

use std::path::PathBuf;

use clap::Args;
use smidgen::Result;
use smidgen::eval::eval;
use smidgen::reporting::{Report, accuracy_table};

use super::project;
use crate::output::Output;

/// Measure the project's models on the test windows, on the host
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  smidgen eval wand\n  smidgen eval wand --model other.tflite --json")]
pub(crate) struct Eval {
    /// Project folder
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// A model instead of the project's
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
}

impl Eval {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let project = project(&self.dir, output)?;
        let accuracy = eval(&project, &self.dir, self.model.as_deref(), &mut output.progress())?;
        let results: Vec<_> = accuracy
            .iter()
            .map(|result| {
                let confusion = &result.confusion;
                if !result.errors.is_empty() {
                    return serde_json::json!({ "name": result.name, "errors": result.errors });
                }
                if let Some(finds) = &result.finds {
                    return serde_json::json!({
                        "name": result.name,
                        "mean_average_precision": finds.mean(),
                        "finds": finds,
                    });
                }
                serde_json::json!({
                    "name": result.name,
                    "accuracy": confusion.accuracy(),
                    "f1": confusion.macro_f1(),
                    "auc": result.auc,
                    "threshold": result.threshold,
                    "windows": confusion.total(),
                    "confusion": confusion,
                })
            })
            .collect();
        let report = Report { accuracy, ..Report::default() };
        output.result(&serde_json::json!({ "split": "test", "results": results }), || {
            accuracy_table(&report).to_string()
        })
    }
}
