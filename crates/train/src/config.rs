//! What a training run is: loss, optimiser, schedule, seed.

use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::fake_quantization::FakeQuantization;
use crate::features::Feature;

/// The function that training makes small.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Softmax cross-entropy with the label. A graph that ends in SOFTMAX is trained on what feeds it.
    #[default]
    CrossEntropy,
    /// The same, with examples that are told well counting less.
    Focal {
        /// How much less; 0 is cross-entropy, 2 is usual.
        gamma: f32,
    },
    /// Cross-entropy with the label, and with what a teacher makes of the example: its logits are the target values.
    Distillation {
        /// What the logits of both are divided by; above 1 it shows how the teacher sees the wrong classes.
        temperature: f32,
        /// What the teacher counts, 0 to 1; the label counts the rest.
        share: f32,
    },
    /// Mean squared error with the input itself, for autoencoders; labels are not looked at.
    Reconstruction,
    /// Mean squared error with the target values.
    MeanSquaredError,
    /// Mean absolute error with the target values.
    MeanAbsoluteError,
    /// Squared error near the target values, absolute error far from them.
    Huber {
        /// Where the one becomes the other.
        delta: f32,
    },
    /// Cross-entropy of each output with a target of 0 to 1. A graph that ends in LOGISTIC is trained on what feeds it.
    BinaryCrossEntropy,
    /// Rows `y, x, height, width, objectness, classes`, each held to a row of the target; see the loss itself.
    Detection,
    /// A class for each cell; the target marks it. A graph that ends in SOFTMAX is trained on what feeds it.
    Centroids {
        /// How many times a cell with an object counts.
        object_weight: f32,
    },
}

impl Loss {
    /// Whether examples have a class each.
    pub fn has_classes(self) -> bool {
        matches!(self, Loss::CrossEntropy | Loss::Focal { .. } | Loss::Distillation { .. })
    }

    /// Whether examples have target values, as many as the graph has outputs.
    pub fn has_targets(self) -> bool {
        !matches!(self, Loss::CrossEntropy | Loss::Focal { .. } | Loss::Reconstruction)
    }
}

/// How parameters follow their gradients.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Adam with decoupled weight decay.
    #[default]
    AdamW,
    /// Adam with weight decay as a part of the gradient.
    Adam,
    /// Gradient descent with momentum.
    Sgd {
        /// Share of its velocity that a parameter keeps, 0 to below 1.
        #[serde(default = "nine_tenths")]
        momentum: f32,
        /// Whether the gradient is taken where the velocity leads.
        #[serde(default)]
        nesterov: bool,
    },
    /// Steps divided by the root of the gradient's mean square.
    RmsProp {
        /// Share of the mean square that stays in a step, 0 to below 1.
        #[serde(default = "nine_tenths")]
        decay: f32,
        /// Share of its velocity that a parameter keeps, 0 to below 1.
        #[serde(default)]
        momentum: f32,
    },
}

fn nine_tenths() -> f32 {
    0.9
}

/// How the learning rate goes down after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// It does not.
    Constant,
    /// Half a cosine from the learning rate to 0 over all epochs (Loshchilov and Hutter, SGDR, without restarts).
    #[default]
    Cosine,
    /// Multiplied by `factor` after every `every` epochs.
    Step {
        /// Epochs between two steps, at least 1.
        every: u64,
        /// Between 0 and 1.
        factor: f32,
    },
    /// Multiplied by `factor` whenever the validation loss has not gone down for `patience` epochs.
    Plateau {
        /// Epochs without a lower loss, at least 1.
        patience: u64,
        /// Between 0 and 1.
        factor: f32,
    },
}

/// Everything that decides a run besides the graph and the examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Seed of the order of the examples.
    pub seed: u64,
    /// Epochs that the schedule spans, at least 1.
    pub epochs: u64,
    /// Largest number of examples in a step. An epoch is cut into batches that differ by one example at most.
    pub batch: usize,
    /// Peak learning rate.
    pub learning_rate: f32,
    /// What becomes of it.
    pub schedule: Schedule,
    /// Epochs in which the learning rate rises linearly from 0; may be a fraction.
    pub warm_up_epochs: f32,
    /// How parameters follow their gradients.
    pub optimizer: Optimizer,
    /// Adam's decay of the gradient's mean.
    pub beta1: f32,
    /// Adam's decay of the gradient's square.
    pub beta2: f32,
    /// Guard of Adam and RMSprop against a division by nought.
    pub epsilon: f32,
    /// Share of filters and weights that is added to their gradient, or with AdamW taken off them, times the learning
    /// rate.
    pub weight_decay: f32,
    /// Longest gradient of all parameters together; longer ones are shortened to it.
    pub clip_norm: Option<f32>,
    /// Share of the old value that a moving average of the parameters keeps in a step; the average is what is judged
    /// and exported. None without it.
    pub ema_decay: Option<f32>,
    /// Epochs without a better validation after which [`crate::Trainer::is_done`] says so before all epochs are done.
    pub patience: Option<u64>,
    /// The loss.
    pub loss: Loss,
    /// Activations that are held to a teacher's, whose values stand behind its logits among the target values.
    pub features: Vec<Feature>,
    /// Share of the target that is spread evenly over the classes; cross-entropy only.
    pub label_smoothing: f32,
    /// Weight of each class in the loss; empty means all 1. Cross-entropy only.
    pub class_weights: Vec<f32>,
    /// Share of the old value that the moving averages of batch normalisation keep in a step.
    pub batch_norm_momentum: f32,
    /// Nodes from the first on whose weights stay as they are, for fine-tuning; batch normalisation in them must be
    /// folded.
    pub frozen_nodes: usize,
    /// The int8 arithmetic that the network is trained with; float32 without.
    pub fake_quantization: Option<FakeQuantization>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            seed: 1,
            epochs: 20,
            batch: 32,
            learning_rate: 1e-3,
            schedule: Schedule::Cosine,
            warm_up_epochs: 0.0,
            optimizer: Optimizer::AdamW,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-7,
            weight_decay: 0.0,
            clip_norm: None,
            ema_decay: None,
            patience: None,
            loss: Loss::CrossEntropy,
            features: Vec::new(),
            label_smoothing: 0.0,
            class_weights: Vec::new(),
            batch_norm_momentum: 0.9,
            frozen_nodes: 0,
            fake_quantization: None,
        }
    }
}

fn require<T: ToString>(
    ok: bool,
    field: &'static str,
    found: &T,
    expected: &'static str,
) -> Result<(), TrainError> {
    if ok { Ok(()) } else { Err(TrainError::Config { field, expected, found: found.to_string() }) }
}

impl Config {
    /// Checks every field against its range, and the class weights against the number of classes.
    pub fn check(&self, n_outputs: usize) -> Result<(), TrainError> {
        let positive = |v: f32| v.is_finite() && v > 0.0;
        let fraction = |v: f32| (0.0..1.0).contains(&v);
        require(self.epochs >= 1, "epochs", &self.epochs, "1 or more")?;
        require(self.batch >= 1, "batch", &self.batch, "1 or more")?;
        require(
            positive(self.learning_rate),
            "learning_rate",
            &self.learning_rate,
            "a positive number, such as 0.001",
        )?;
        let warm_up = self.warm_up_epochs;
        require(warm_up.is_finite() && warm_up >= 0.0, "warm_up_epochs", &warm_up, "0 or more")?;
        require(fraction(self.beta1), "beta1", &self.beta1, "0 to 1, less than 1")?;
        require(fraction(self.beta2), "beta2", &self.beta2, "0 to 1, less than 1")?;
        require(positive(self.epsilon), "epsilon", &self.epsilon, "a positive number, such as 1e-7")?;
        let decay = self.weight_decay;
        require(decay.is_finite() && decay >= 0.0, "weight_decay", &decay, "0 or more")?;
        require(
            fraction(self.label_smoothing),
            "label_smoothing",
            &self.label_smoothing,
            "0 to 1, less than 1",
        )?;
        require(
            fraction(self.batch_norm_momentum),
            "batch_norm_momentum",
            &self.batch_norm_momentum,
            "0 to 1, less than 1",
        )?;
        let falls = |factor: f32| factor > 0.0 && factor <= 1.0;
        match self.schedule {
            Schedule::Step { every, factor } => {
                require(every >= 1, "schedule.step.every", &every, "1 or more")?;
                require(falls(factor), "schedule.step.factor", &factor, "more than 0, at most 1")?;
            }
            Schedule::Plateau { patience, factor } => {
                require(patience >= 1, "schedule.plateau.patience", &patience, "1 or more")?;
                require(falls(factor), "schedule.plateau.factor", &factor, "more than 0, at most 1")?;
            }
            Schedule::Constant | Schedule::Cosine => {}
        }
        self.check_optimizer()?;
        let (name, value) = match self.loss {
            Loss::Focal { gamma } => ("loss.focal.gamma", gamma),
            Loss::Huber { delta } => ("loss.huber.delta", delta),
            Loss::Distillation { temperature, .. } => ("loss.distillation.temperature", temperature),
            Loss::Centroids { object_weight } => ("loss.centroids.object_weight", object_weight),
            _ => ("loss", 1.0),
        };
        require(value.is_finite() && value > 0.0, name, &value, "a positive number")?;
        if let Loss::Distillation { share, .. } = self.loss {
            require((0.0..=1.0).contains(&share), "loss.distillation.share", &share, "0 to 1")?;
        }
        for Feature { weight, .. } in &self.features {
            require(weight.is_finite() && *weight >= 0.0, "features.weight", weight, "0 or more")?;
        }
        self.check_class_weights(n_outputs)
    }

    fn check_optimizer(&self) -> Result<(), TrainError> {
        let fraction = |v: f32| (0.0..1.0).contains(&v);
        let shares = match self.optimizer {
            Optimizer::AdamW | Optimizer::Adam => vec![],
            Optimizer::Sgd { momentum, .. } => vec![("optimizer.sgd.momentum", momentum)],
            Optimizer::RmsProp { decay, momentum } => {
                vec![("optimizer.rms_prop.decay", decay), ("optimizer.rms_prop.momentum", momentum)]
            }
        };
        let average = self.ema_decay.map(|decay| ("ema_decay", decay));
        for (name, share) in shares.into_iter().chain(average) {
            require(fraction(share), name, &share, "0 to 1, less than 1")?;
        }
        let norm = self.clip_norm.unwrap_or(1.0);
        require(norm.is_finite() && norm > 0.0, "clip_norm", &norm, "a positive number, such as 1.0")?;
        let patience = self.patience.unwrap_or(1);
        require(patience >= 1, "patience", &patience, "1 or more")
    }

    fn check_class_weights(&self, n_outputs: usize) -> Result<(), TrainError> {
        let weights = &self.class_weights;
        let found = format!("{weights:?} for {n_outputs} outputs");
        let expected = "nothing, or one number of 0 or more for each output, not all 0";
        let fits = weights.is_empty()
            || (weights.len() == n_outputs
                && weights.iter().all(|&w| w.is_finite() && w >= 0.0)
                && weights.iter().any(|&w| w > 0.0));
        require(fits, "class_weights", &found, expected)
    }
}
