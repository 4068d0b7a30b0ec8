//! `smidgen data`: look at recordings, or generate some.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use smidgen::data::{Recordings, gesture};
use smidgen::{Error, Result, dataset, save_recordings};

use super::{project, table};
use crate::output::Output;

/// Look at recordings, or generate some
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  smidgen data inspect wand\n  smidgen data generate -o wand/data/generated.jsonl"
)]
pub(crate) struct Data {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Classes, people and lengths of a project's recordings, a .jsonl file or a folder of them
    Inspect {
        /// Project folder, .jsonl file, or folder of .jsonl files
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Write the generated magic-wand gestures as JSON lines
    Generate {
        /// File to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Simulated people
        #[arg(long, value_name = "N", default_value_t = gesture::Config::default().n_people)]
        people: usize,
    },
}

impl Data {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        match self.what {
            What::Inspect { path } => {
                let is_project = path.join(smidgen::project::FILE_NAME).is_file();
                let recordings = if is_project {
                    dataset::recordings(&project(&path, output)?, &path)?
                } else {
                    dataset::read_json_lines(&path, &[])?
                };
                show(&recordings, output)
            }
            What::Generate { output: path, people } => {
                let default = gesture::Config::default();
                let seed = output.seed.unwrap_or(default.seed);
                let config = gesture::Config { seed, n_people: people, ..default };
                let recordings = gesture::generate(&config).map_err(Error::input)?;
                save_recordings(&recordings, &path)?;
                show(&recordings, output)
            }
        }
    }
}

fn show(set: &Recordings, output: &Output) -> Result<()> {
    let of_class = |class: &String| {
        let own = set.recordings.iter().filter(|recording| recording.label == *class);
        let mut rows: Vec<usize> = own.clone().map(|recording| set.rows(recording)).collect();
        rows.sort_unstable();
        let mut people: Vec<&str> = own.map(|recording| recording.group.as_str()).collect();
        people.sort_unstable();
        people.dedup();
        serde_json::json!({
            "class": class, "recordings": rows.len(), "people": people.len(),
            "rows_min": rows.first(), "rows_median": rows.get(rows.len() / 2), "rows_max": rows.last(),
        })
    };
    let classes: Vec<_> = set.classes.iter().map(of_class).collect();
    let value = serde_json::json!({
        "name": set.name, "provenance": set.provenance, "axes": set.axes, "rate_hz": set.rate_hz,
        "unit": set.unit, "recordings": set.recordings.len(), "classes": classes,
    });
    output.result(&value, || {
        let keys = ["class", "recordings", "people", "rows_min", "rows_median", "rows_max"];
        let cell = |class: &serde_json::Value, key: &str| {
            class[key].as_str().map_or_else(|| class[key].to_string(), str::to_owned)
        };
        let rows = classes.iter().map(|class| keys.iter().map(|key| cell(class, key)).collect());
        let table = table(&keys.map(|key| key), rows, &[1, 2, 3, 4, 5]);
        let Recordings { name, provenance, axes, rate_hz, unit, recordings, .. } = set;
        format!(
            "{name}: {} recordings of {axes} axes in {unit} at {rate_hz} Hz; {provenance}\n{table}",
            recordings.len()
        )
    })
}
