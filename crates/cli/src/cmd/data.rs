//! `smidgen data`: look at recordings, download or generate some.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use smidgen::data::{Index, Options, Pattern, gesture, guess, inspect};
use smidgen::{Error, Result, dataset, download, save_recordings};

use super::{project, table};
use crate::output::Output;

/// Look at recordings, download or generate some
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  smidgen data inspect wand\n  smidgen data inspect recordings --names '{label}_{group}_{}'\n  \
                  smidgen data get mnist\n  smidgen data generate -o wand/data/generated.jsonl"
)]
pub(crate) struct Data {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Counts, lengths, ranges, clipping, duplicates, outliers and a picture of each class
    Inspect {
        /// Project folder, or files in any layout that a project reads
        #[arg(default_value = ".")]
        path: PathBuf,
        /// What the names of files say, where there is no project: {label}_{group}_{}
        #[arg(long, value_name = "PATTERN")]
        names: Option<String>,
    },
    /// Download a public data set from its makers; without a name, list them
    Get {
        /// Name of the set
        name: Option<String>,
        /// Folder for it, NAME when absent
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
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
            What::Inspect { path, names } => {
                let is_project = path.join(smidgen::project::FILE_NAME).is_file();
                let index = match is_project {
                    true => dataset::index(&project(&path, output)?, &path)?,
                    false => read(&path, names)?,
                };
                show(&index, output)
            }
            What::Get { name: None, .. } => {
                let sets = download::all();
                let bytes = |set: &download::Set| set.files.iter().map(|file| file.bytes).sum::<u64>();
                let of = |set: &download::Set| serde_json::json!({ "name": set.name, "title": set.title, "licence": set.licence, "bytes": bytes(set) });
                let value: Vec<_> = sets.iter().map(of).collect();
                output.result(&serde_json::json!({ "sets": value }), || {
                    let row = |set: &download::Set| {
                        let size = format!("{:.1}", bytes(set) as f64 / 1e6);
                        vec![set.name.clone(), size, set.title.clone(), set.licence.clone()]
                    };
                    table(&["set", "MB", "what it is", "licence"], sets.iter().map(row), &[1]).to_string()
                })
            }
            What::Get { name: Some(name), output: dir } => {
                let set = download::find(&name)?;
                let dir = dir.unwrap_or_else(|| PathBuf::from(&name));
                download::get(&set, &dir, download::Options::default(), &mut output.progress())?;
                output.result(&serde_json::json!({ "set": name, "dir": dir }), || {
                    format!(
                        "{} is in {}\nNext: smidgen data inspect {}",
                        set.title,
                        dir.display(),
                        dir.display()
                    )
                })
            }
            What::Generate { output: path, people } => {
                let default = gesture::Config::default();
                let seed = output.seed.unwrap_or(default.seed);
                let config = gesture::Config { seed, n_people: people, ..default };
                let recordings = gesture::generate(&config).map_err(Error::input)?;
                save_recordings(&recordings, &path)?;
                show(&Index::try_from(recordings).map_err(Error::input)?, output)
            }
        }
    }
}

/// The set at `path`, in the layout that it looks like.
fn read(path: &std::path::Path, names: Option<String>) -> Result<Index> {
    let help = "a project's [data] says more about files than their names do: smidgen new NAME";
    if !path.exists() {
        return Err(Error::input("there is no such file or folder").at(path.display()).help(help));
    }
    let layout = guess(path).map_err(|error| Error::input(error).help(help))?.ok_or_else(|| {
        Error::input(
            "no file here is of a kind that is read: .jsonl, .wav, .csv, .npy, .npz, images, IDX, CIFAR",
        )
        .at(path.display())
        .help(help)
    })?;
    let options = Options { names: Pattern(names.unwrap_or_default()), ..Options::default() };
    dataset::load(path, layout, &options)
}

fn show(index: &Index, output: &Output) -> Result<()> {
    let found = inspect::inspect(index).map_err(Error::input)?;
    let value = serde_json::json!({
        "name": index.name, "provenance": index.provenance, "row_shape": index.row_shape, "rate_hz": index.rate_hz,
        "unit": index.unit, "items": index.items.len(), "missing": index.missing, "inspection": found,
    });
    output.result(&value, || text(index, &found))
}

fn text(index: &Index, found: &inspect::Inspection) -> String {
    let keys = [
        "class",
        "items",
        "groups",
        "rows_min",
        "rows_median",
        "rows_max",
        "min",
        "max",
        "mean",
        "deviation",
        "clipped",
    ];
    let rows = found.classes.iter().map(|class| {
        let items = if class.events > 0 {
            let what = if index.is_images() { "objects" } else { "events" };
            format!("{} + {} {what}", class.items, class.events)
        } else {
            class.items.to_string()
        };
        let counts = [class.groups, class.rows_min, class.rows_median, class.rows_max].map(|n| n.to_string());
        let values = [f64::from(class.min), f64::from(class.max), class.mean, class.deviation]
            .map(|x| format!("{x:.4}"));
        [vec![class.class.clone(), items], counts.into(), values.into(), vec![class.clipped.to_string()]]
            .concat()
    });
    let table = table(&keys, rows, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    let (what, rate) = if index.is_images() {
        (format!("images of rows {:?}", index.row_shape), String::new())
    } else {
        let rate = if index.rate_hz > 0.0 { format!(" at {} Hz", index.rate_hz) } else { String::new() };
        let unit = if index.unit.is_empty() { String::new() } else { format!(" in {}", index.unit) };
        (format!("recordings of {} axes{unit}", index.row_len()), rate)
    };
    let mut lines = vec![
        format!("{}: {} {what}{rate}; {}", index.name, index.items.len(), index.provenance),
        table.to_string(),
    ];
    for class in &found.classes {
        lines.push(format!("{}{}", class.class, if class.picture.len() > 1 { "" } else { ":" }));
        lines.extend(class.picture.iter().map(|line| format!("  {line}")));
    }
    let mut note = |n: usize, what: &str, named: &[String]| {
        if n > 0 {
            let more = if n > named.len() { ", …" } else { "" };
            lines.push(format!("{n} {what}: {}{more}", named.join(", ")));
        }
    };
    note(found.duplicates, "item(s) with the same values as another", &found.duplicates_named);
    note(found.outliers, "item(s) much louder or quieter than their class", &found.outliers_named);
    if index.missing.values > 0 {
        let missing = index.missing;
        lines.push(format!(
            "{} values were missing; {} rows left out for it",
            missing.values, missing.dropped_rows
        ));
    }
    lines.join("\n")
}
