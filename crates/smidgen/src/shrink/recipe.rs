//! A recipe: techniques in order, each with what training follows it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use smidgen_compress::{
    low_rank_factorization, quantization_aware_training, structured_pruning, weight_clustering,
    weight_pruning::{self, Importance},
};

use crate::features::Features;
use crate::{Error, Result, files};

/// The recipes that come with Smidgen: name and text.
pub const RECIPES: [(&str, &str); 4] = [
    ("gentle", include_str!("../../../../recipes/gentle.toml")),
    ("balanced", include_str!("../../../../recipes/balanced.toml")),
    ("tiny", include_str!("../../../../recipes/tiny.toml")),
    ("mobilenet-v2", include_str!("../../../../recipes/mobilenet-v2.toml")),
];

/// Techniques in order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What the unshrunk model teaches while stages are trained; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distillation: Option<Distillation>,
    /// The stages.
    #[serde(rename = "stage")]
    pub stages: Vec<Stage>,
}

/// How the unshrunk model teaches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Distillation {
    /// What the logits of both are divided by.
    pub temperature: f32,
    /// What the teacher counts, 0 to 1; the label counts the rest.
    pub share: f32,
    /// What is learnt from inside the teacher; nothing when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
}

impl Default for Distillation {
    fn default() -> Self {
        Distillation { temperature: 4.0, share: 0.5, features: None }
    }
}

/// One technique, and how the network is trained with it or after it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Fewer weights by products of smaller layers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_rank_factorization: Option<low_rank_factorization::Config>,
    /// Fewer channels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structured_pruning: Option<structured_pruning::Config>,
    /// Weights of 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_pruning: Option<weight_pruning::Config>,
    /// Weights of few values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_clustering: Option<weight_clustering::Config>,
    /// Training with the arithmetic of the int8 form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantization_aware_training: Option<quantization_aware_training::Config>,
    /// Epochs of training; the stage's own default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u64>,
    /// Highest learning rate; a share of the project's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f32>,
}

/// The technique of a stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Technique<'a> {
    LowRank(&'a low_rank_factorization::Config),
    Channels(&'a structured_pruning::Config),
    Weights(&'a weight_pruning::Config),
    Clusters(&'a weight_clustering::Config),
    Quantized(&'a quantization_aware_training::Config),
    /// Training alone.
    FineTuning,
}

impl Stage {
    /// Its technique.
    ///
    /// # Errors
    /// Several of them.
    pub(crate) fn technique(&self) -> Result<Technique<'_>> {
        let given = [
            self.low_rank_factorization.as_ref().map(Technique::LowRank),
            self.structured_pruning.as_ref().map(Technique::Channels),
            self.weight_pruning.as_ref().map(Technique::Weights),
            self.weight_clustering.as_ref().map(Technique::Clusters),
            self.quantization_aware_training.as_ref().map(Technique::Quantized),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (None, _) => Ok(Technique::FineTuning),
            (Some(technique), None) => Ok(technique),
            (Some(one), Some(other)) => {
                Err(Error::input(format!("a stage has both {} and {}", one.name(), other.name()))
                    .help("give each a [[stage]] of its own, in the order in which they are to be applied"))
            }
        }
    }

    /// Epochs of training.
    pub(crate) fn n_epochs(&self) -> u64 {
        let default = match self.technique() {
            Ok(Technique::Quantized(_) | Technique::Clusters(_)) => 5,
            _ => 10,
        };
        self.epochs.unwrap_or(default)
    }

    /// Highest learning rate, where a network is trained from nothing with `full`.
    pub(crate) fn rate(&self, full: f32) -> f32 {
        let share = match self.technique() {
            Ok(Technique::Quantized(_) | Technique::Clusters(_)) => 0.1,
            _ => 0.3,
        };
        self.learning_rate.unwrap_or(share * full)
    }
}

impl Technique<'_> {
    /// Its name, as recipes and reports have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Technique::LowRank(_) => "low_rank_factorization",
            Technique::Channels(_) => "structured_pruning",
            Technique::Weights(_) => "weight_pruning",
            Technique::Clusters(_) => "weight_clustering",
            Technique::Quantized(_) => "quantization_aware_training",
            Technique::FineTuning => "fine_tuning",
        }
    }

    /// Whether weights of 0 are its result, to be kept from then on.
    pub(crate) fn makes_zeros(self) -> bool {
        match self {
            Technique::LowRank(config) => config.sparse.is_some(),
            Technique::Weights(_) => true,
            _ => false,
        }
    }

    /// Its place in an order in which nothing is lost that an earlier stage made.
    fn rank(self) -> usize {
        match self {
            Technique::FineTuning => 0,
            Technique::LowRank(_) | Technique::Channels(_) => 1,
            Technique::Weights(_) => 2,
            Technique::Clusters(_) => 3,
            Technique::Quantized(_) => 4,
        }
    }
}

impl Recipe {
    /// The recipe of this name, or in the file at this path.
    ///
    /// # Errors
    /// A name that nothing has, a file that cannot be read, or a recipe that makes no sense.
    pub fn load(name: &str) -> Result<Self> {
        if let Some((_, text)) = RECIPES.iter().find(|(known, _)| *known == name) {
            return Recipe::parse(text, name);
        }
        let path = Path::new(name);
        if !path.exists() {
            let known: Vec<&str> = RECIPES.iter().map(|(name, _)| *name).collect();
            return Err(Error::input("there is no such recipe")
                .at(name)
                .help(format!("name a file, or one of {}", known.join(", "))));
        }
        Recipe::parse(&files::read_text(path)?, name)
    }

    /// Reads a recipe; `place` names it in errors.
    ///
    /// # Errors
    /// As [`Recipe::load`].
    pub fn parse(text: &str, place: &str) -> Result<Self> {
        let recipe: Recipe = toml::from_str(text).map_err(|error| {
            let line =
                error.span().map(|span| 1 + text.bytes().take(span.start).filter(|&b| b == b'\n').count());
            let place = line.map_or_else(|| place.to_owned(), |line| format!("{place}:{line}"));
            Error::input(error.message()).at(place).help("docs/shrink.md shows what a recipe may hold")
        })?;
        recipe.check().map_err(|error| error.at(place))?;
        Ok(recipe)
    }

    /// Checks options and order.
    ///
    /// # Errors
    /// What makes no sense.
    pub fn check(&self) -> Result<()> {
        if self.stages.is_empty() {
            return Err(Error::input("the recipe has no stage").help("[[stage]] begins one"));
        }
        let mut before = Technique::FineTuning;
        for stage in &self.stages {
            let technique = stage.technique()?;
            match technique {
                Technique::LowRank(config) => config.check(),
                Technique::Weights(config) => config.check(),
                Technique::Clusters(config) => config.check(),
                Technique::Channels(config) => config.check(),
                Technique::Quantized(config) => config.check(),
                Technique::FineTuning => Ok(()),
            }
            .map_err(Error::input)?;
            let is_last = matches!(before, Technique::Quantized(_));
            if is_last || (technique.rank() > 0 && technique.rank() < before.rank()) {
                return Err(Error::input(format!(
                    "{} after {} would undo it",
                    technique.name(),
                    before.name()
                ))
                .help(
                    "the order that keeps all: low_rank_factorization and structured_pruning, weight_pruning, \
                     weight_clustering, quantization_aware_training",
                ));
            }
            let rate = stage.learning_rate.unwrap_or(1.0);
            if !(rate.is_finite() && rate > 0.0) {
                return Err(
                    Error::input(format!("learning_rate {rate}")).help("a number above 0, such as 0.001")
                );
            }
            if stage.n_epochs() == 0 && matches!(technique, Technique::Quantized(_) | Technique::FineTuning) {
                return Err(Error::input(format!("{} without epochs", technique.name())).help("epochs = 5"));
            }
            if let Technique::Weights(config) = technique
                && config.rewind.is_some()
                && stage.n_epochs() == 0
            {
                let message = "weight_pruning with rewind needs epochs: each round trains for so many";
                return Err(Error::input(message).help("epochs = 10"));
            }
            if let Technique::Weights(config) = technique
                && config.importance == Importance::Movement
                && stage.n_epochs() < 2
            {
                let message = "weight_pruning by movement needs at least 2 epochs: weights move in the first";
                return Err(Error::input(message).help("epochs = 10, or importance = \"magnitude\""));
            }
            if technique.rank() > 0 {
                before = technique;
            }
        }
        if let Some(Distillation { temperature, share, .. }) = &self.distillation
            && !(*temperature > 0.0 && temperature.is_finite() && (0.0..=1.0).contains(share))
        {
            return Err(Error::input(format!("distillation: temperature {temperature}, share {share}"))
                .help("a temperature above 0, such as 4, and a share of 0 to 1"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipes_that_ship_are_sound() {
        for (name, _) in RECIPES {
            let recipe = Recipe::load(name).unwrap();
            let text = toml::to_string(&recipe).unwrap();
            assert_eq!(Recipe::parse(&text, name).unwrap(), recipe);
        }
    }

    #[test]
    fn orders_and_options_that_make_no_sense_are_refused_with_their_place() {
        let message = |text: &str| Recipe::parse(text, "r.toml").unwrap_err().to_string();
        assert!(message("").contains("stage"));
        let both = "[[stage]]\nweight_pruning = {}\nweight_clustering = {}\n";
        assert!(message(both).contains("both weight_pruning and weight_clustering"), "{}", message(both));
        let order = "[[stage]]\nweight_clustering = {}\n[[stage]]\nweight_pruning = {}\n";
        assert!(message(order).contains("weight_pruning after weight_clustering would undo it"));
        let after = "[[stage]]\nquantization_aware_training = {}\n[[stage]]\nepochs = 3\n";
        assert!(
            message(after).contains("fine_tuning after quantization_aware_training"),
            "{}",
            message(after)
        );
        let sparsity = "[[stage]]\nweight_pruning = { sparsity = 1.0 }\n";
        assert!(message(sparsity).contains("sparsity 1, expected above 0 and below 1"));
        let still = "[[stage]]\nweight_pruning = { importance = \"movement\" }\nepochs = 1\n";
        assert!(message(still).contains("by movement needs at least 2 epochs"), "{}", message(still));
        let rewind = "[[stage]]\nweight_pruning = { rewind = { rounds = 2 } }\nepochs = 0\n";
        assert!(message(rewind).contains("rewind needs epochs"), "{}", message(rewind));
        let unknown = "[[stage]]\nprune = 3\n";
        assert!(message(unknown).contains("r.toml:2") && message(unknown).contains("prune"));
        let rate = "[[stage]]\nlearning_rate = -1.0\n";
        assert!(message(rate).contains("learning_rate -1"));
        assert!(Recipe::load("no-such").unwrap_err().to_string().contains("gentle, balanced, tiny"));
    }
}
