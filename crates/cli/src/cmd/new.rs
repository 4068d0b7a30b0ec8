//! `smidgen new`: a project folder with a commented `smidgen.toml`.

use std::path::Path;

use clap::Args;
use smidgen::{Result, template};

use crate::output::Output;

/// Make a project folder with a commented smidgen.toml
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  smidgen new wand && smidgen train wand\n  smidgen new pump --template sensor"
)]
pub(crate) struct New {
    /// Name of the project and its folder
    name: String,
    /// What to start from: gesture (simulated recordings that ship), sensor (CSV files), keyword (WAV files), image
    /// (folders of PNG or JPEG), anomaly (recordings of what is usual), forecast (a table over time),
    /// detection (images with boxes)
    #[arg(long, value_name = "T", default_value = "gesture")]
    template: String,
}

impl New {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let (dir, files) = template::new(Path::new("."), &self.name, &self.template)?;
        let value = serde_json::json!({ "project": self.name, "dir": dir, "files": files });
        output.result(&value, || {
            let files: String = files.iter().map(|file| format!("  {}\n", file.display())).collect();
            let first = match self.template.as_str() {
                "gesture" => String::new(),
                _ => format!(
                    "put recordings into {0}/data ({0}/data/README.md), smidgen data inspect {0}, ",
                    self.name
                ),
            };
            format!(
                "Made\n{files}Next: {first}smidgen train {0}, smidgen quantize {0}, smidgen report {0}",
                self.name
            )
        })
    }
}
