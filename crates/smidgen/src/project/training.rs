//! `[training]`: how the network is trained.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use smidgen_data::augment;
use smidgen_train::{Loss, Optimizer, Schedule};

use crate::features::Features;

/// Which epoch's weights become the float model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The last one's.
    #[default]
    Last,
    /// Those that did best on the validation windows.
    Best,
}

/// What a model that tells classes learns from trained ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distillation {
    /// Models, float or int8, relative to the project's folder; several are averaged.
    pub teacher: Vec<PathBuf>,
    /// What the logits of both are divided by.
    #[serde(default = "four")]
    pub temperature: f32,
    /// What the teacher counts, 0 to 1; the label counts the rest.
    #[serde(default = "nine_tenths")]
    pub share: f32,
    /// What is learnt from inside the teacher; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
}

impl Distillation {
    pub(crate) fn loss(&self) -> Loss {
        Loss::Distillation { temperature: self.temperature, share: self.share }
    }
}

fn four() -> f32 {
    4.0
}

fn nine_tenths() -> f32 {
    0.9
}

/// How the network is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Passes over the training windows.
    pub epochs: u64,
    /// Windows in a batch.
    pub batch_size: usize,
    /// Highest learning rate.
    pub learning_rate: f32,
    /// What training makes small; what suits the task when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// How parameters follow their gradients.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// How it changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// Epochs in which the learning rate rises from 0.
    #[serde(default)]
    pub warm_up_epochs: f32,
    /// Weight decay; decoupled with `adam_w`.
    #[serde(default)]
    pub weight_decay: f32,
    /// Longest gradient; longer ones are shortened to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f32>,
    /// Share that a moving average of the weights keeps in a step; the average becomes the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema_decay: Option<f32>,
    /// Epochs without a better validation after which training ends early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
    /// Share of the target that is spread over all classes, 0…1.
    #[serde(default)]
    pub label_smoothing: f32,
    /// Parameter of the distribution of shares in which windows are mixed with others, such as 0.2; not at all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixup: Option<f64>,
    /// Trained networks that the model learns from besides its labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distillation: Option<Distillation>,
    /// Whether rare classes count for more: each as if it had as many training windows as the others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub class_balance: bool,
    /// Which epoch's weights become the float model.
    #[serde(default)]
    pub keep: Keep,
    /// Epochs after which the weights are also kept as `build/early.tflite`, for pruning that rewinds to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_epochs: Option<u64>,
    /// How windows are varied while training; not at all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augmentation: Option<augment::Config>,
}

impl Default for Training {
    fn default() -> Self {
        Training {
            epochs: 30,
            batch_size: 32,
            learning_rate: 0.003,
            loss: None,
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            warm_up_epochs: 0.0,
            weight_decay: 0.0,
            clip_norm: None,
            ema_decay: None,
            patience: None,
            label_smoothing: 0.0,
            mixup: None,
            distillation: None,
            class_balance: false,
            keep: Keep::default(),
            early_epochs: None,
            augmentation: None,
        }
    }
}
