//! The epochs of a training over a project's windows, whatever network is trained.

use std::ops::ControlFlow;
use std::sync::OnceLock;

use smidgen_data::Dataset;
use smidgen_data::augment::{Augment, mixup};
use smidgen_report as report;
use smidgen_train::{EpochStats, Stats, Teacher, TrainError, Trainer};

use crate::dataset::{self, Windows};
use crate::events::{Event, Observer};
use crate::goal::Goal;
use crate::project::{Project, Task};
use crate::{Error, Result};

/// Values of a teacher that are kept: 256 MiB. Hints may be many for each window.
const MAX_TOLD_VALUES: usize = 1 << 26;

/// What is trained on, and what is judged after each epoch.
pub(crate) struct Sets<'a> {
    train: Examples<'a>,
    validation: Examples<'a>,
    task: Task<'a>,
}

impl<'a> Sets<'a> {
    /// The project's windows, varied as it says; where there is a teacher, the target is what it tells of them.
    ///
    /// # Errors
    /// Variations that do not fit the windows.
    pub(crate) fn new(
        project: &'a Project,
        windows: &'a Windows,
        teacher: Option<&'a Teacher>,
    ) -> Result<Self> {
        let augment = match &project.training.augmentation {
            Some(config) => {
                let made = Augment::new(config.clone(), project.project.seed, &windows.split.train);
                Some(made.map_err(|error| dataset::data_error(&error))?)
            }
            None => None,
        };
        let mixup = project.training.mixup.map(|alpha| (project.project.seed, alpha));
        let goal = &windows.goal;
        let examples = |set: &'a Dataset, augment: Option<Augment>, mixup: Option<(u64, f64)>| {
            // Windows that stay the same are told once, as far as memory goes.
            let most = teacher.map_or(0, |teacher| MAX_TOLD_VALUES / teacher.n_outputs().max(1));
            let n_told = if augment.is_none() && mixup.is_none() { set.len().min(most) } else { 0 };
            let told = std::iter::repeat_with(OnceLock::new).take(n_told).collect();
            Examples { set, goal, augment, mixup, teacher, told }
        };
        let train = examples(&windows.split.train, augment, mixup);
        let validation = examples(&windows.split.validation, None, None);
        Ok(Sets { train, validation, task: project.task() })
    }

    /// The windows to train with.
    pub(crate) fn train(&self) -> &Examples<'a> {
        &self.train
    }
}

/// Trains until the trainer is done: `before` an epoch it may change what weights are held to, `after` one it is saved.
/// Returns whether it was stopped before.
///
/// # Errors
/// As the trainer's, and those of `before` and `after`.
pub(crate) fn epochs(
    trainer: &mut Trainer,
    sets: &Sets<'_>,
    observer: &mut dyn Observer,
    before: &mut dyn FnMut(&mut Trainer) -> Result<()>,
    after: &mut dyn FnMut(&Trainer) -> Result<()>,
) -> Result<bool> {
    let n_epochs = trainer.config().epochs;
    while !trainer.is_done() {
        before(trainer)?;
        let stats = trainer.epoch(&sets.train, &mut |batch| {
            observer.event(Event::Batch {
                epoch: batch.epoch,
                n_epochs,
                done: batch.batch,
                total: batch.n_batches,
                loss: batch.train.loss,
            });
            if observer.stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match stats {
            Err(TrainError::Interrupted { .. }) => return Ok(true),
            other => other.map_err(Error::input)?,
        };
        let judged = trainer.evaluate(&sets.validation).map_err(Error::input)?;
        trainer.record_validation(judged);
        after(trainer)?;
        if let Some(stats) = trainer.history().last() {
            observer.event(Event::Epoch { epoch: &epoch(stats, sets.task), n_epochs });
        }
    }
    Ok(false)
}

/// An epoch as a report tells it.
pub(crate) fn epoch(stats: &EpochStats, task: Task<'_>) -> report::Epoch {
    let accuracy = |stats: Stats| (task == Task::Classes).then_some(stats.accuracy);
    report::Epoch {
        epoch: stats.epoch,
        loss: stats.train.loss,
        accuracy: accuracy(stats.train),
        validation_loss: stats.validation.map(|stats| stats.loss),
        validation_accuracy: stats.validation.and_then(accuracy),
    }
}

/// The windows as the trainer takes them.
pub(crate) struct Examples<'a> {
    set: &'a Dataset,
    goal: &'a Goal,
    augment: Option<Augment>,
    /// Seed and parameter.
    mixup: Option<(u64, f64)>,
    teacher: Option<&'a Teacher>,
    /// What the teacher told of each window, where that does not change.
    told: Vec<OnceLock<Vec<f32>>>,
}

impl Examples<'_> {
    /// What is mixed into a window: another one, and its share.
    fn partner(&self, epoch: u64, index: usize) -> Option<(usize, f32)> {
        self.mixup.map(|(seed, alpha)| mixup::partner(seed, epoch, index, self.set.len(), alpha))
    }

    fn varied(&self, epoch: u64, index: usize, values: &mut [f32]) -> std::result::Result<(), String> {
        let Some(augment) = &self.augment else { return smidgen_train::Source::read(self, index, values) };
        let vary = |window: &mut [f32]| augment.apply(epoch, index, window);
        let mask = |features: &mut [f32]| augment.apply_to_features(epoch, index, features);
        self.set.read_varied(index, vary, mask, values).map_err(|error| error.to_string())
    }
}

impl smidgen_train::Source for Examples<'_> {
    fn len(&self) -> usize {
        self.set.len()
    }

    fn shape(&self) -> &[usize] {
        self.set.shape()
    }

    fn class(&self, index: usize) -> u32 {
        self.set.label(index) as u32
    }

    fn read(&self, index: usize, values: &mut [f32]) -> std::result::Result<(), String> {
        self.set.read(index, values).map_err(|error| error.to_string())
    }

    fn vary(&self, epoch: u64, index: usize, values: &mut [f32]) -> std::result::Result<(), String> {
        self.varied(epoch, index, values)?;
        if let Some((other, share)) = self.partner(epoch, index) {
            let mut part = vec![0.0; values.len()];
            self.varied(epoch, other, &mut part)?;
            values.iter_mut().zip(part).for_each(|(value, part)| *value += share * (part - *value));
        }
        Ok(())
    }

    fn second_class(&self, epoch: u64, index: usize) -> Option<(u32, f32)> {
        self.partner(epoch, index).map(|(other, share)| (self.class(other), share))
    }

    fn target(&self, index: usize, input: &[f32], values: &mut [f32]) -> std::result::Result<(), String> {
        if let Some(teacher) = self.teacher {
            let known = self.told.get(index);
            if let Some(known) = known.and_then(OnceLock::get).filter(|known| known.len() == values.len()) {
                values.copy_from_slice(known);
                return Ok(());
            }
            teacher.tell(input, values)?;
            // Another thread may have been first, with the same.
            known.map(|known| known.set(values.to_vec()));
            return Ok(());
        }
        self.goal.target(self.set, index, values).map_err(|error| error.to_string())
    }
}
