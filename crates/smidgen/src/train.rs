//! Training: the project's windows and layers to a float model, with a checkpoint after each epoch.

use std::path::Path;

use smidgen_data::Dataset;
use smidgen_ir::{Graph, passes};
use smidgen_report as report;
use smidgen_train::{Config, Feature, Teacher, Trainer};

use crate::artifacts::Artifacts;
use crate::checkpoint::{self, Checkpoint};
use crate::dataset::{self, Windows};
use crate::events::{Event, Observer};
use crate::features::Taught;
use crate::fine_tune::{self, Tuned};
use crate::goal::Goal;
use crate::project::{Distillation, Keep, Project};
use crate::tune::{self, Sets};
use crate::{Error, Result, files, firmware, model, model_file, scorer};

/// How to train.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Go on after the last whole epoch instead of starting again.
    pub resume: bool,
    /// Epochs instead of the project's.
    pub epochs: Option<u64>,
}

/// A finished training.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The float model as it is exported: batch normalisation folded, activations fused.
    pub graph: Graph,
    /// Settings and history.
    pub training: report::Training,
}

/// Trains the project in `dir` and writes `checkpoint.bin`, `float.tflite` and `training.json` into its `build`, and
/// `early.tflite` where the project asks for it.
///
/// # Errors
/// What is wrong with the project or its data; [`crate::Kind::Interrupted`] when the observer asked to stop.
pub fn train(
    project: &Project,
    dir: &Path,
    options: Options,
    observer: &mut dyn Observer,
) -> Result<Trained> {
    // A slip in its name should not wait until everything is trained.
    firmware::board(&project.board.name)?;
    let _lock = Artifacts::of(dir).lock()?;
    let windows = dataset::windows(project, dir)?;
    windows.warnings.iter().for_each(|warning| observer.event(Event::Note(warning)));
    train_on(project, &windows, &Artifacts::of(dir), options, observer)
}

/// [`train`] on windows that are there already.
///
/// # Errors
/// As [`train`].
pub fn train_on(
    project: &Project,
    windows: &Windows,
    artifacts: &Artifacts,
    options: Options,
    observer: &mut dyn Observer,
) -> Result<Trained> {
    let mut project = project.clone();
    project.training.epochs = options.epochs.unwrap_or(project.training.epochs);
    if project.training.epochs == 0 {
        return Err(Error::input("--epochs: expected at least 1, found 0"));
    }
    files::make_dir(&artifacts.dir)?;
    if let Some(entry) = scorer::of(&project) {
        let trained = scorer::fit(&project, windows, entry, observer)?;
        return kept(trained, artifacts, observer);
    }
    let mut run = if options.resume {
        Run::resume(&mut project, windows, artifacts, options.epochs.is_none())?
    } else {
        Run::start(&project, windows, artifacts)?
    };
    run.epochs(&project, windows, artifacts, observer)?;
    let trained = Trained { graph: exported(&run.kept(&project))?, training: run.report(&project) };
    kept(trained, artifacts, observer)
}

/// Writes what was trained.
fn kept(trained: Trained, artifacts: &Artifacts, observer: &mut dyn Observer) -> Result<Trained> {
    model_file::write(&trained.graph, &artifacts.float_model())?;
    observer.event(Event::Wrote(&artifacts.float_model()));
    let json = serde_json::to_vec_pretty(&trained.training).map_err(Error::input)?;
    files::write(&artifacts.training(), &json)?;
    Ok(trained)
}

/// The most values that the layers' outputs for one batch may hold: 1 GiB, and as much again for their gradients.
const MAX_BATCH_VALUES: usize = 1 << 28;

/// The project's network with the weights that it begins with, and how many of its first nodes stay as they are.
fn graph(project: &Project, windows: &Windows, artifacts: &Artifacts) -> Result<(Graph, usize)> {
    let (shape, n_classes) = (&windows.summary.shape, windows.summary.classes.len());
    let n_outputs = windows.goal.n_outputs(n_classes, shape.iter().product());
    let (graph, frozen) = match &project.model.base {
        None => (model::initial_graph(project, shape, n_outputs)?, 0),
        Some(_) if windows.goal != Goal::Classes => {
            return Err(Error::input("model.base is for classes").help("zoo, or [[model.layers]]"));
        }
        Some(base) => {
            let dir = artifacts.dir.parent().unwrap_or(&artifacts.dir);
            let base = model_file::read(&dir.join(base))?;
            let input = model::input(project, shape)?;
            let Tuned { graph, base_nodes } =
                fine_tune::with_head(&base, input, n_classes, project.project.seed)?;
            (graph, if project.model.frozen { base_nodes } else { 0 })
        }
    };
    let batch = project.training.batch_size.min(windows.split.train.samples.len());
    let outputs = graph.tensors.iter().filter(|tensor| !tensor.is_const());
    let one = outputs.fold(0usize, |sum, tensor| sum.saturating_add(tensor.n_elements()));
    if one.saturating_mul(batch) > MAX_BATCH_VALUES {
        return Err(Error::input(format!(
            "the layers' outputs for a batch of {batch} windows are {one} values for each, more than \
             {MAX_BATCH_VALUES} together"
        ))
        .help("lower training.batch_size, or make the layers smaller"));
    }
    Ok((graph, frozen))
}

/// The trained graph without what only training needs.
pub(crate) fn exported(graph: &Graph) -> Result<Graph> {
    let folded = passes::fold_batch_norm(graph).map_err(Error::input)?;
    let fused = passes::fuse_activation(&folded).map_err(Error::input)?;
    passes::dead_code(&fused).map_err(Error::input)
}

struct Run {
    trainer: Trainer,
    /// What the project learns from besides its labels.
    teacher: Option<Teacher>,
    /// Of the windows.
    fingerprint: String,
}

impl Run {
    fn start(project: &Project, windows: &Windows, artifacts: &Artifacts) -> Result<Self> {
        let (graph, frozen) = graph(project, windows, artifacts)?;
        let (teacher, features) = taught(project, artifacts, &graph)?;
        let config = Config { features, ..config(project, windows, frozen) };
        let trainer = Trainer::new(graph, config).map_err(Error::input)?;
        Ok(Run { trainer, teacher, fingerprint: windows.fingerprint()? })
    }

    fn resume(
        project: &mut Project,
        windows: &Windows,
        artifacts: &Artifacts,
        keep_epochs: bool,
    ) -> Result<Self> {
        let path = artifacts.checkpoint();
        let fingerprint = windows.fingerprint()?;
        let Checkpoint { n_epochs, trainer } = checkpoint::load(&path, project, &fingerprint, keep_epochs)?;
        project.training.epochs = n_epochs;
        let (graph, frozen) = graph(project, windows, artifacts)?;
        let (teacher, features) = taught(project, artifacts, &graph)?;
        let config = Config { features, ..config(project, windows, frozen) };
        let trainer = Trainer::resume(graph, config, &trainer).map_err(|error| {
            Error::input(error).at(path.display()).help("train without --resume to start again")
        })?;
        Ok(Run { trainer, teacher, fingerprint })
    }

    fn epochs(
        &mut self,
        project: &Project,
        windows: &Windows,
        artifacts: &Artifacts,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let sets = Sets::new(project, windows, self.teacher.as_ref())?;
        let fingerprint = &self.fingerprint;
        let mut save = |trainer: &Trainer| {
            if project.training.early_epochs == Some(trainer.epochs_done()) {
                model_file::write(&exported(&trainer.graph())?, &artifacts.early_model())?;
            }
            checkpoint::save(&artifacts.checkpoint(), project, fingerprint, &trainer.checkpoint())
        };
        let stopped = tune::epochs(&mut self.trainer, &sets, observer, &mut |_| Ok(()), &mut save)?;
        if stopped { Err(interrupted(self.trainer.epochs_done(), artifacts)) } else { Ok(()) }
    }

    /// The graph with the weights that the project keeps.
    fn kept(&self, project: &Project) -> Graph {
        match (project.training.keep, self.trainer.best()) {
            (Keep::Best, Some((_, _, graph))) => graph,
            _ => self.trainer.graph(),
        }
    }

    fn report(&self, project: &Project) -> report::Training {
        report::Training {
            n_parameters: self.trainer.n_parameters() as u64,
            batch_size: project.training.batch_size,
            learning_rate: project.training.learning_rate,
            seed: project.project.seed,
            epochs: self.trainer.history().iter().map(|stats| tune::epoch(stats, project.task())).collect(),
        }
    }
}

fn interrupted(n_epochs_done: u64, artifacts: &Artifacts) -> Error {
    if n_epochs_done == 0 {
        return Error::interrupted(
            "training was stopped before its first epoch was complete; nothing was kept",
        );
    }
    Error::interrupted(format!("training was stopped; epochs 1 to {n_epochs_done} are kept"))
        .at(artifacts.checkpoint().display())
        .help("go on with the same command and --resume")
}

/// The networks that the project learns from besides its labels, and what of them.
fn taught(
    project: &Project,
    artifacts: &Artifacts,
    student: &Graph,
) -> Result<(Option<Teacher>, Vec<Feature>)> {
    let Some(Distillation { teacher, features, .. }) = &project.training.distillation else {
        return Ok((None, Vec::new()));
    };
    let dir = artifacts.dir.parent().unwrap_or(&artifacts.dir);
    let paths = teacher.iter().map(|path| dir.join(path));
    let graphs: Vec<Graph> = paths.map(|path| model_file::read(&path)).collect::<Result<_>>()?;
    let taught = Taught::new(&graphs, features.as_ref(), student).map_err(|error| {
        error.or_help("training.distillation.teacher names models that this project's windows fit")
    })?;
    Ok((Some(taught.teacher), taught.features))
}

pub(crate) fn config(project: &Project, windows: &Windows, frozen_nodes: usize) -> Config {
    let training = &project.training;
    Config {
        seed: project.project.seed,
        epochs: training.epochs,
        batch: training.batch_size,
        learning_rate: training.learning_rate,
        schedule: training.schedule,
        warm_up_epochs: training.warm_up_epochs,
        optimizer: training.optimizer,
        weight_decay: training.weight_decay,
        clip_norm: training.clip_norm,
        ema_decay: training.ema_decay,
        patience: training.patience,
        label_smoothing: training.label_smoothing,
        class_weights: if training.class_balance { balanced(&windows.split.train) } else { Vec::new() },
        frozen_nodes,
        loss: match &project.training.distillation {
            Some(distillation) => distillation.loss(),
            None => project.loss(),
        },
        ..Config::default()
    }
}

/// A weight for each class with which all classes together count the same; a mean of 1 over the windows.
fn balanced(set: &Dataset) -> Vec<f32> {
    let counts = set.class_counts();
    let share = set.len() as f32 / counts.len().max(1) as f32;
    counts.iter().map(|&n| share / n.max(1) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use smidgen_data::{Provenance, Values};

    #[test]
    fn balanced_classes_count_the_same() {
        let sample = |label| Values { values: vec![0.0], label, group: "g".into() };
        let samples: Vec<Values> = [0, 0, 0, 1].map(sample).into();
        let classes = vec!["a".into(), "b".into()];
        let set = Dataset::in_memory(classes, vec![1], &samples, Provenance::Generated { seed: 1 }).unwrap();
        let weights = balanced(&set);
        assert!(
            (3.0 * weights[0] - weights[1]).abs() < 1e-6
                && (3.0 * weights[0] + weights[1] - 4.0).abs() < 1e-6
        );
    }
}
