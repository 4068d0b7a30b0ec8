//! What a training run is: loss, optimiser, schedule, seed.

use serde::{Deserialize, Serialize};

use crate::error::TrainError;

/// The function that training makes small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Softmax cross-entropy with the label. A graph that ends in SOFTMAX is trained on what feeds it.
    #[default]
    CrossEntropy,
    /// Mean squared error with the input itself, for autoencoders; labels are not looked at.
    Reconstruction,
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
    /// Adam's decay of the gradient's mean.
    pub beta1: f32,
    /// Adam's decay of the gradient's square.
    pub beta2: f32,
    /// Adam's guard against a division by nought.
    pub epsilon: f32,
    /// Share of filters and weights taken off in a step, times the learning rate (decoupled, as in AdamW).
    pub weight_decay: f32,
    /// The loss.
    pub loss: Loss,
    /// Share of the target that is spread evenly over the classes; cross-entropy only.
    pub label_smoothing: f32,
    /// Weight of each class in the loss; empty means all 1. Cross-entropy only.
    pub class_weights: Vec<f32>,
    /// Share of the old value that the moving averages of batch normalisation keep in a step.
    pub batch_norm_momentum: f32,
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
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-7,
            weight_decay: 0.0,
            loss: Loss::CrossEntropy,
            label_smoothing: 0.0,
            class_weights: Vec::new(),
            batch_norm_momentum: 0.9,
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
        if let Schedule::Step { every, factor } = self.schedule {
            require(every >= 1, "schedule.step.every", &every, "1 or more")?;
            require(
                factor > 0.0 && factor <= 1.0,
                "schedule.step.factor",
                &factor,
                "more than 0, at most 1",
            )?;
        }
        self.check_class_weights(n_outputs)
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
