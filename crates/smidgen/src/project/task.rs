//! The tables `[anomaly]`, `[target]` and `[detection]`: what the model tells, where that is not a class.

use serde::{Deserialize, Serialize};
use smidgen_data::augment;
use smidgen_train::Loss;

use super::{Project, wrong};
use crate::{Error, Result, zoo};

/// The model tells how unusual a window is, and learns from usual ones only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anomaly {
    /// Classes that are usual; windows of all others are what is to be found.
    pub normal: Vec<String>,
    /// Share of the usual validation windows, in percent, whose scores stay below the threshold.
    #[serde(default = "most")]
    pub percentile: f64,
}

/// The model tells values of a row to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Columns of the data by name, or by number from 1 where columns have no names.
    pub columns: Vec<String>,
    /// How many rows after the window's last.
    #[serde(default)]
    pub ahead: usize,
}

/// The model finds objects in images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Detection {
    /// Lowest score of what is found.
    pub score_threshold: f32,
    /// Intersection over union from which a box gives way to one with a higher score.
    pub overlap: f32,
    /// Most boxes of an image.
    pub max_detections: usize,
    /// How many times a cell with an object counts in the training of a centre finder.
    pub object_weight: f32,
}

impl Default for Detection {
    fn default() -> Self {
        Detection { score_threshold: 0.1, overlap: 0.5, max_detections: 10, object_weight: 20.0 }
    }
}

/// What the model tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Task<'p> {
    /// One of the classes.
    Classes,
    /// How unusual a window is.
    Anomaly(&'p Anomaly),
    /// Values.
    Values(&'p Target),
    /// Which objects are where.
    Objects(&'p Detection),
}

fn most() -> f64 {
    99.0
}

impl Detection {
    fn check(&self) -> Result<()> {
        for (name, value) in [("score_threshold", self.score_threshold), ("overlap", self.overlap)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(wrong(&format!("detection.{name}"), "a number from 0 to 1", value));
            }
        }
        if !(1..=1000).contains(&self.max_detections) {
            return Err(wrong("detection.max_detections", "1 to 1000", self.max_detections));
        }
        match self.object_weight.is_finite() && self.object_weight > 0.0 {
            true => Ok(()),
            false => Err(wrong("detection.object_weight", "a number above 0", self.object_weight)),
        }
    }
}

impl Project {
    /// What the model tells.
    pub fn task(&self) -> Task<'_> {
        match (&self.anomaly, &self.target, &self.detection) {
            (Some(anomaly), _, _) => Task::Anomaly(anomaly),
            (None, Some(target), _) => Task::Values(target),
            (None, None, Some(detection)) => Task::Objects(detection),
            (None, None, None) => Task::Classes,
        }
    }

    /// The loss that the model is trained with.
    pub fn loss(&self) -> Loss {
        let usual = match self.task() {
            Task::Classes => Loss::CrossEntropy,
            Task::Anomaly(_) => Loss::Reconstruction,
            Task::Values(_) => Loss::MeanSquaredError,
            Task::Objects(detection) => match zoo::find(self.model.zoo.as_deref().unwrap_or("")) {
                Ok(entry) if entry.task == smidgen_zoo::Task::Centroids => {
                    Loss::Centroids { object_weight: detection.object_weight }
                }
                _ => Loss::Detection,
            },
        };
        self.training.loss.unwrap_or(usual)
    }

    pub(super) fn check_task(&self) -> Result<()> {
        let tasks = [self.anomaly.is_some(), self.target.is_some(), self.detection.is_some()];
        if tasks.into_iter().filter(|&given| given).count() > 1 {
            return Err(Error::input("there are several of anomaly, target and detection")
                .help("a model has one task"));
        }
        let (expected, fits) = match self.task() {
            Task::Classes => ("cross_entropy or { focal = { gamma = 2.0 } }", self.loss().has_classes()),
            Task::Anomaly(_) => ("reconstruction", self.loss() == Loss::Reconstruction),
            Task::Values(_) => (
                "mean_squared_error, mean_absolute_error or { huber = { delta = 1.0 } }",
                matches!(self.loss(), Loss::MeanSquaredError | Loss::MeanAbsoluteError | Loss::Huber { .. }),
            ),
            Task::Objects(_) => ("none, which is the detector's own", self.training.loss.is_none()),
        };
        if !fits {
            return Err(wrong("training.loss", expected, format!("{:?}", self.loss())));
        }
        if let Some(alpha) = self.training.mixup
            && !(alpha > 0.0 && alpha <= 1.0 && self.loss() == Loss::CrossEntropy)
        {
            return Err(wrong(
                "training.mixup",
                "a number above 0, up to 1, with the loss cross_entropy",
                alpha,
            ));
        }
        if self.stream.is_some() && self.task() != Task::Classes {
            return Err(
                Error::input("stream: what is told in a stream are classes").help("leave out [stream]")
            );
        }
        match self.task() {
            Task::Objects(detection) => detection.check().and_then(|()| match &self.training.augmentation {
                Some(augmentation) if augmentation.image.as_ref().is_some_and(augment::image::Config::moves) => {
                    Err(Error::input("training.augmentation.image: flip, shift, rotation_rad and zoom leave boxes where they are")
                        .help("brightness, contrast, saturation and erase suit detection"))
                }
                _ => Ok(()),
            }),
            Task::Anomaly(anomaly) if anomaly.normal.is_empty() => {
                Err(wrong("anomaly.normal", "the classes that are usual, such as [\"normal\"]", "none"))
            }
            Task::Anomaly(&Anomaly { percentile, .. }) if !(percentile > 0.0 && percentile <= 100.0) => {
                Err(wrong("anomaly.percentile", "a number above 0, up to 100", percentile))
            }
            Task::Values(target) if target.columns.is_empty() => {
                Err(wrong("target.columns", "columns of the data", "none"))
            }
            _ => Ok(()),
        }
    }
}
