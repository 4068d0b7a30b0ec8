//! The project file `smidgen.toml`: data, features, model, training, quantisation and board.

mod data;
mod layer;
mod task;
mod training;

use std::path::{Path, PathBuf};

use crate::quantize::{Budget, Calibration, Layers};
use serde::{Deserialize, Serialize};
use smidgen_train::Loss;

pub use data::{Data, Features, Generated, Source};
pub use layer::{Activation, Layer, Padding};
pub use task::{Anomaly, Detection, Target, Task};
pub use training::{Distillation, Keep, Training};

use crate::{Error, Result, files};

/// Name of the project file in a project's folder.
pub const FILE_NAME: &str = "smidgen.toml";

/// A project file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Name and seed.
    pub project: Identity,
    /// Where recordings come from and who is in which part.
    pub data: Data,
    /// How recordings become windows.
    pub features: Features,
    /// The network.
    pub model: Model,
    /// What is usual, for a model that tells how unusual a window is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anomaly: Option<Anomaly>,
    /// What is told, for a model that tells values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// What is found, for a model that finds objects in images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detection: Option<Detection>,
    /// How it is trained.
    #[serde(default)]
    pub training: Training,
    /// How it becomes int8.
    #[serde(default)]
    pub quantization: Quantization,
    /// What it is built for.
    pub board: BoardChoice,
    /// How it decides in a stream of samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
}

/// How the firmware decides in a stream of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stream {
    /// Rows from one inference to the next: a multiple of the front end's hop. About an eighth of a window when 0.
    pub stride: usize,
    /// Inferences whose scores are averaged.
    pub smoothing: usize,
    /// Averaged score from which a class is detected.
    pub threshold: f32,
    /// Inferences after a detection in which there is no other.
    pub pause: u32,
    /// Classes that are never detected: silence, unknown words, no gesture.
    pub quiet: Vec<String>,
    /// Seconds of test recordings that the report streams.
    pub seconds: f32,
}

impl Default for Stream {
    fn default() -> Self {
        Stream { stride: 0, smoothing: 3, threshold: 0.7, pause: 6, quiet: Vec::new(), seconds: 60.0 }
    }
}

/// Name and seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Name of the project and of its model.
    pub name: String,
    /// Seed of initial weights, shuffles, augmentation and generated data.
    #[serde(default = "one")]
    pub seed: u64,
}

/// The network: a model of the zoo, or layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Height, width and channels of the input; the window's rows, axes and 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<[usize; 3]>,
    /// A trained float model, relative to the project's folder, whose last layer is exchanged for the project's classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<PathBuf>,
    /// Whether all of the base but the new layer stays as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frozen: bool,
    /// A name that `smidgen zoo list` prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zoo: Option<String>,
    /// Multiplies the channels of the zoo's model; its own default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f32>,
    /// Multiplies the repeated blocks of the zoo's model; its own default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<f32>,
    /// Centres or Gaussians of an anomaly scorer of the zoo; its own default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<usize>,
    /// The layers in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Layer>,
}

/// How the network becomes int8.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quantization {
    /// Training windows to calibrate with.
    pub calibration: usize,
    /// How activation ranges are found.
    pub method: Calibration,
    /// Whether channels between layers are brought to one range first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub equalize: bool,
    /// Whether biases take back what rounded weights shift results by.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bias_correction: bool,
    /// Whether weights are rounded so that results are nearest to the float ones.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub adaptive_rounding: bool,
    /// Bits of activations: 8 or 16.
    #[serde(skip_serializing_if = "is_eight")]
    pub activation_bits: u32,
    /// Bits of the weights of CONV_2D and FULLY_CONNECTED: 8, or 2 to 4.
    #[serde(skip_serializing_if = "is_eight")]
    pub weight_bits: u32,
    /// Layers of another precision than the rest, by the name of their result.
    #[serde(skip_serializing_if = "Layers::is_empty")]
    pub layers: Layers,
    /// What to choose further such layers for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixed: Option<Budget>,
}

fn is_eight(bits: &u32) -> bool {
    *bits == 8
}

impl Default for Quantization {
    fn default() -> Self {
        Quantization {
            calibration: 256,
            method: Calibration::default(),
            equalize: false,
            bias_correction: false,
            adaptive_rounding: false,
            activation_bits: 8,
            weight_bits: 8,
            layers: Layers::new(),
            mixed: None,
        }
    }
}

/// What the model is built for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardChoice {
    /// A name that `smidgen boards` lists.
    pub name: String,
}

fn one() -> u64 {
    1
}

impl Project {
    /// Reads the project of the folder `dir`.
    ///
    /// # Errors
    /// A missing file, a syntax error with its line, an unknown field, or a value that makes no sense.
    pub fn load(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE_NAME);
        if !path.exists() {
            return Err(Error::input(format!("there is no {FILE_NAME} here"))
                .at(dir.display())
                .help("smidgen new NAME makes a project; then: smidgen train NAME"));
        }
        let text = files::read_text(&path)?;
        Project::parse(&text, &path.display().to_string())
    }

    /// Reads a project from `text`; `place` names it in errors.
    ///
    /// # Errors
    /// As [`Project::load`].
    pub fn parse(text: &str, place: &str) -> Result<Self> {
        let project: Project = toml::from_str(text).map_err(|error| {
            let line =
                error.span().map(|span| 1 + text.bytes().take(span.start).filter(|&b| b == b'\n').count());
            let place = line.map_or_else(|| place.to_string(), |line| format!("{place}:{line}"));
            Error::input(error.message())
                .at(place)
                .help("compare with the commented file that smidgen new NAME writes")
        })?;
        project.check().map_err(|error| error.at(place))?;
        Ok(project)
    }

    fn check(&self) -> Result<()> {
        let training = &self.training;
        let positive = [
            ("training.batch_size", training.batch_size),
            ("quantization.calibration", self.quantization.calibration),
        ];
        for (name, value) in positive {
            if value == 0 {
                return Err(wrong(name, "at least 1", value));
            }
        }
        if training.epochs == 0 {
            return Err(wrong("training.epochs", "at least 1", 0));
        }
        if let Some(early) = training.early_epochs.filter(|early| !(1..=training.epochs).contains(early)) {
            return Err(wrong("training.early_epochs", "1 to training.epochs", early));
        }
        let rate = training.learning_rate;
        if !(rate.is_finite() && rate > 0.0) {
            return Err(wrong("training.learning_rate", "a number above 0, such as 0.003", rate));
        }
        let scale = self.features.scale;
        if !scale.is_finite() || scale == 0.0 {
            return Err(wrong("features.scale", "a number other than 0", scale));
        }
        for (name, value) in [
            ("training.weight_decay", training.weight_decay),
            ("training.label_smoothing", training.label_smoothing),
        ] {
            if !(0.0..1.0).contains(&value) {
                return Err(wrong(name, "a number from 0 up to, not including, 1", value));
            }
        }
        self.model.check()?;
        self.check_task()?;
        if let Some(distillation) = &training.distillation {
            if self.loss() != Loss::CrossEntropy {
                return Err(Error::input(
                    "training.distillation is for models that tell classes by cross-entropy",
                )
                .help("leave it out"));
            }
            if distillation.teacher.is_empty() {
                return Err(wrong("training.distillation.teacher", "at least one model", "none"));
            }
        }
        let is_files = self.data.source.layout().is_some();
        if is_files && self.data.path.is_none() {
            let source = serde_json::to_string(&self.data.source).unwrap_or_default();
            return Err(Error::input(format!(
                "data.path is missing: source = {source} needs a file or folder"
            ))
            .help("path = \"data\""));
        }
        let images =
            [Source::Images, Source::Idx, Source::Cifar, Source::Numpy, Source::Objects, Source::Shapes];
        if self.features.window == 0 && !images.contains(&self.data.source) {
            return Err(wrong("features.window", "at least 1", 0));
        }
        Ok(())
    }

    /// The project as TOML.
    ///
    /// # Errors
    /// A value that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::input(format!("the project cannot be written: {error}")))
    }
}

impl Model {
    fn check(&self) -> Result<()> {
        let help = "zoo = \"tenet\" (smidgen zoo list shows the names), base = \"model.tflite\", or [[model.layers]]";
        let wrong = |message: &str| Err(Error::input(format!("model: {message}")).help(help));
        let given = [self.zoo.is_some(), self.base.is_some(), !self.layers.is_empty()];
        match given.into_iter().filter(|&given| given).count() {
            0 => wrong("there is neither zoo nor base nor layers"),
            1 if self.zoo.is_none() && (self.width.is_some() || self.depth.is_some()) => {
                wrong("width and depth are for models of the zoo")
            }
            1 if self.base.is_none() && self.frozen => wrong("frozen is for a base"),
            1 => Ok(()),
            _ => wrong("there are several of zoo, base and layers"),
        }
    }
}

fn wrong(name: &str, expected: &str, found: impl std::fmt::Display) -> Error {
    Error::input(format!("{name}: expected {expected}, found {found}")).help("correct it in the project file")
}

#[cfg(test)]
mod tests;
