//! The tables `[anomaly]` and `[target]`: what the model tells, where that is not a class.

use serde::{Deserialize, Serialize};
use smidgen_train::Loss;

use super::{Project, wrong};
use crate::{Error, Result};

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

/// What the model tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Task<'p> {
    /// One of the classes.
    Classes,
    /// How unusual a window is.
    Anomaly(&'p Anomaly),
    /// Values.
    Values(&'p Target),
}

fn most() -> f64 {
    99.0
}

impl Project {
    /// What the model tells.
    pub fn task(&self) -> Task<'_> {
        match (&self.anomaly, &self.target) {
            (Some(anomaly), _) => Task::Anomaly(anomaly),
            (None, Some(target)) => Task::Values(target),
            (None, None) => Task::Classes,
        }
    }

    /// The loss that the model is trained with.
    pub fn loss(&self) -> Loss {
        let usual = match self.task() {
            Task::Classes => Loss::CrossEntropy,
            Task::Anomaly(_) => Loss::Reconstruction,
            Task::Values(_) => Loss::MeanSquaredError,
        };
        self.training.loss.unwrap_or(usual)
    }

    pub(super) fn check_task(&self) -> Result<()> {
        if self.anomaly.is_some() && self.target.is_some() {
            return Err(Error::input("there are both anomaly and target").help("a model tells one of them"));
        }
        let (expected, fits) = match self.task() {
            Task::Classes => ("cross_entropy or { focal = { gamma = 2.0 } }", self.loss().has_classes()),
            Task::Anomaly(_) => ("reconstruction", self.loss() == Loss::Reconstruction),
            Task::Values(_) => (
                "mean_squared_error, mean_absolute_error or { huber = { delta = 1.0 } }",
                matches!(self.loss(), Loss::MeanSquaredError | Loss::MeanAbsoluteError | Loss::Huber { .. }),
            ),
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
        match self.task() {
            Task::Anomaly(anomaly) if anomaly.normal.is_empty() => {
                Err(wrong("anomaly.normal", "the classes that are usual, such as [\"normal\"]", "none"))
            }
            Task::Anomaly(&Anomaly { percentile, .. }) if !(percentile > 0.0 && percentile <= 100.0) => {
                Err(wrong("anomaly.percentile", "a number above 0, up to 100", percentile))
            }
            Task::Values(target) if target.columns.is_empty() => {
                Err(wrong("target.columns", "columns of the data", "none"))
            }
            _ if self.stream.is_some() && self.task() != Task::Classes => {
                Err(Error::input("stream: detections in a stream are of classes")
                    .help("leave out [stream], or [anomaly] and [target]"))
            }
            _ => Ok(()),
        }
    }
}
