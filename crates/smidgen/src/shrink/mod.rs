//! `smidgen shrink`: a trained float model through the stages of a recipe, each measured in the emulator.
//!
//! Everything that a recipe asks for is tried without training first, so that what is impossible is told before hours of
//! work. Each stage leaves its model in a folder of its own, with a key of all that it depends on; an interrupted run goes
//! on after the last whole epoch, and the models are the same bytes as without the interruption.

mod measure;
mod recipe;
mod rewinding;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use smidgen_compress::{Context, structured_pruning};
use smidgen_ir::Graph;
use smidgen_report::{Shrunk, StageReport, Version, shrunk_html};
use smidgen_train::Teacher;

pub use recipe::{Distillation, RECIPES, Recipe, Stage};
pub use smidgen_compress::structured_pruning::Sensitivity;

use crate::artifacts::Artifacts;
use crate::dataset::{self, Windows};
use crate::events::{Event, Observer};
use crate::fnv::Fnv;
use crate::project::Project;
use crate::quantize::{not_trained, spread};
use crate::{Error, Result, device, files, firmware, model_file, scorer, train};
use measure::Meter;
use recipe::Technique;
use smidgen_device::Host;
use stage::{Bench, State};

/// How to shrink.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The stages.
    pub recipe: Recipe,
    /// The float model; the project's own when absent.
    pub model: Option<PathBuf>,
    /// Whether to go on after the last whole epoch of an interrupted run.
    pub resume: bool,
    /// Whether firmware is built and run after each stage.
    pub measures: bool,
    /// The int8 model to write; `shrunk.tflite` in the project's `build` when absent.
    pub output: Option<PathBuf>,
}

/// What a finished stage leaves beside its models.
#[derive(Debug, Serialize, Deserialize)]
struct Finished {
    /// Of all that the stage depends on.
    key: String,
    report: StageReport,
}

/// Takes the float model of the project in `dir` through the recipe. Writes the int8 model, and `report.json`
/// and `report.html` in `build/shrink`.
///
/// # Errors
/// What cannot be done, before any training; what is wrong with project, data or model; [`crate::Kind::Interrupted`] when
/// the observer asked to stop; [`crate::Kind::Check`] when host and device differ.
pub fn shrink(
    project: &Project,
    dir: &Path,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Shrunk> {
    options.recipe.check()?;
    if let Some(entry) = scorer::of(project) {
        return Err(Error::input(format!(
            "{} is fitted, not trained: there is nothing to shrink",
            entry.name
        )));
    }
    let board = firmware::board(&project.board.name)?;
    if options.measures {
        device::check_emulator(&Host::from_env(), &board)?;
        firmware::toolchain(&Host::from_env(), &board)?;
    }
    let artifacts = Artifacts::of(dir);
    let path = options.model.clone().unwrap_or_else(|| artifacts.float_model());
    if !path.exists() {
        return Err(not_trained(&path));
    }
    let _lock = artifacts.lock()?;
    let float = train::exported(&model_file::read(&path)?)?;
    let windows = dataset::windows(project, dir)?;
    windows.warnings.iter().for_each(|warning| observer.event(Event::Note(warning)));
    let calibration = spread(&windows.split.train, project.quantization.calibration)?;
    check_teacher(project, options, &float)?;
    let bench = Bench {
        project,
        dir,
        windows: &windows,
        calibration: &calibration,
        teacher: options.recipe.distillation.as_ref().map(|distillation| (&float, distillation)),
    };
    observer.event(Event::Begin("Trying the recipe without training"));
    let mut state = State::new(float.clone());
    for stage in &options.recipe.stages {
        state = bench.rehearse(stage, &state)?;
    }
    let meter = Meter { project, windows: &windows, board: options.measures.then_some(&board) };
    let run = Run { bench, meter, dir: artifacts.dir.join("shrink"), start: key(project, &windows, &float)? };
    let (state, stages) = run.all(options, float.clone(), observer)?;
    finish(project, &windows, options, &artifacts, (&state, stages), observer)
}

/// How much the output of the project's float model changes where each group of its layers alone loses channels.
///
/// # Errors
/// What is wrong with project, data or model.
pub fn sensitivity(
    project: &Project,
    dir: &Path,
    model: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<Vec<structured_pruning::Sensitivity>> {
    let path = model.map_or_else(|| Artifacts::of(dir).float_model(), Path::to_path_buf);
    if !path.exists() {
        return Err(not_trained(&path));
    }
    let float = train::exported(&model_file::read(&path)?)?;
    let windows = dataset::windows(project, dir)?;
    windows.warnings.iter().for_each(|warning| observer.event(Event::Note(warning)));
    let calibration = spread(&windows.split.train, project.quantization.calibration)?;
    structured_pruning::sensitivity(&float, &Context::new(&calibration)).map_err(Error::input)
}

/// Whether the unshrunk model can be a teacher, if the recipe wants one.
fn check_teacher(project: &Project, options: &Options, float: &Graph) -> Result<()> {
    if options.recipe.distillation.is_none() {
        return Ok(());
    }
    if !project.loss().has_classes() {
        return Err(Error::input("distillation is for models that tell classes by cross-entropy")
            .help("leave [distillation] out of the recipe"));
    }
    Teacher::new(std::slice::from_ref(float)).map(|_| ()).map_err(Error::input)
}

/// A name for all that the first stage depends on.
fn key(project: &Project, windows: &Windows, float: &Graph) -> Result<String> {
    let project = serde_json::to_string(project).map_err(Error::input)?;
    let model = smidgen_tflite::write(float).map_err(Error::input)?;
    Ok(hash(&[project.as_bytes(), windows.fingerprint()?.as_bytes(), &model]))
}

fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Fnv::new();
    for part in parts {
        hash.add(part);
        hash.add(&[0]);
    }
    hash.hex()
}

struct Run<'a> {
    bench: Bench<'a>,
    meter: Meter<'a>,
    dir: PathBuf,
    /// Of what the first stage depends on.
    start: String,
}

impl Run<'_> {
    fn all(
        &self,
        options: &Options,
        float: Graph,
        observer: &mut dyn Observer,
    ) -> Result<(State, Vec<StageReport>)> {
        if !options.resume && self.dir.exists() {
            fs::remove_dir_all(&self.dir).map_err(|error| {
                Error::input(format!("the stages of an earlier run cannot be removed: {error}"))
                    .at(self.dir.display())
            })?;
        }
        let mut key = hash(&[
            self.start.as_bytes(),
            serde_json::to_string(&options.recipe.distillation).map_err(Error::input)?.as_bytes(),
            &[u8::from(options.measures)],
        ]);
        let mut state = State::new(float);
        let place = self.dir.join("00_before");
        let mut stages = vec![match self.finished(&place, &key)? {
            Some(report) => report,
            None => {
                observer.event(Event::Begin("Before"));
                let report = self.meter.measure("before", &state, Vec::new(), observer)?;
                self.leave(&place, &key, report)?
            }
        }];
        for (at, stage) in options.recipe.stages.iter().enumerate() {
            let technique = stage.technique()?;
            key = hash(&[key.as_bytes(), serde_json::to_string(stage).map_err(Error::input)?.as_bytes()]);
            let place = self.dir.join(format!("{:02}_{}", at + 1, technique.name()));
            let report = match self.finished(&place, &key)? {
                Some(report) => report,
                None => {
                    observer.event(Event::Begin(&format!("{}. {}", at + 1, technique.name())));
                    self.stage(stage, &state, &place, &key, observer)?
                }
            };
            state = read(&place, &state, technique)?;
            stages.push(report);
        }
        Ok((state, stages))
    }

    /// Runs a stage and leaves its models, then its report.
    fn stage(
        &self,
        stage: &Stage,
        state: &State,
        place: &Path,
        key: &str,
        observer: &mut dyn Observer,
    ) -> Result<StageReport> {
        files::make_dir(place)?;
        let technique = stage.technique()?;
        let checkpoint = place.join("checkpoint.bin");
        let (made, log) = self.bench.run(stage, state, (&checkpoint, key), observer)?;
        model_file::write(&made.graph, &place.join(FLOAT))?;
        if let Some(int8) = &made.int8 {
            model_file::write(int8, &place.join(INT8))?;
        }
        // What is measured is what the next stage, and anybody else, reads.
        let made = read(place, state, technique)?;
        let report = self.meter.measure(technique.name(), &made, log, observer)?;
        self.leave(place, key, report)
    }

    /// The report of a stage that was finished with this key.
    fn finished(&self, place: &Path, key: &str) -> Result<Option<StageReport>> {
        let path = place.join(REPORT);
        if !path.exists() {
            return Ok(None);
        }
        // A file of another version is of another run.
        let finished: Option<Finished> = serde_json::from_slice(&files::read(&path)?).ok();
        Ok(finished.filter(|finished| finished.key == key).map(|finished| finished.report))
    }

    fn leave(&self, place: &Path, key: &str, report: StageReport) -> Result<StageReport> {
        files::make_dir(place)?;
        let finished = Finished { key: key.to_owned(), report };
        let json = serde_json::to_vec_pretty(&finished).map_err(Error::input)?;
        files::write(&place.join(REPORT), &json)?;
        Ok(finished.report)
    }
}

/// Files of a stage.
const FLOAT: &str = "float.tflite";
const INT8: &str = "int8.tflite";
const REPORT: &str = "stage.json";

/// The network that a stage left.
fn read(place: &Path, before: &State, technique: Technique<'_>) -> Result<State> {
    let int8 = place.join(INT8);
    Ok(State {
        graph: model_file::read(&place.join(FLOAT))?,
        int8: int8.exists().then(|| model_file::read(&int8)).transpose()?,
        keeps_zeros: before.keeps_zeros || technique.makes_zeros(),
        keeps_clusters: before.keeps_clusters || matches!(technique, Technique::Clusters(_)),
    })
}

/// Writes the model and the report.
fn finish(
    project: &Project,
    windows: &Windows,
    options: &Options,
    artifacts: &Artifacts,
    (state, stages): (&State, Vec<StageReport>),
    observer: &mut dyn Observer,
) -> Result<Shrunk> {
    let int8 = measure::int8(project, windows, state)?;
    let path = options.output.clone().unwrap_or_else(|| artifacts.dir.join("shrunk.tflite"));
    model_file::write(&int8, &path)?;
    observer.event(Event::Wrote(&path));
    let own = Version { name: "smidgen".into(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let shrunk = Shrunk {
        name: project.project.name.clone(),
        seed: project.project.seed,
        data: Some(windows.summary.clone()),
        board: options.measures.then(|| project.board.name.clone()),
        stages,
        versions: vec![own],
    };
    let json = serde_json::to_vec_pretty(&shrunk).map_err(Error::input)?;
    let dir = artifacts.dir.join("shrink");
    files::write(&dir.join("report.json"), &json)?;
    let page = dir.join("report.html");
    files::write(&page, shrunk_html(&shrunk).map_err(Error::input)?.as_bytes())?;
    observer.event(Event::Wrote(&page));
    check(&shrunk)?;
    Ok(shrunk)
}

/// Fails where host and device differ after a stage.
fn check(shrunk: &Shrunk) -> Result<()> {
    let differs =
        |stage: &&StageReport| stage.agreement.as_ref().is_some_and(|agreement| agreement.n_differing > 0);
    match shrunk.stages.iter().find(differs) {
        Some(stage) => Err(Error::check(format!("host and device differ after {}", stage.name)).help(
            "smidgen verify MODEL --board B shows the first operator that differs; please report it as a bug",
        )),
        None => Ok(()),
    }
}
