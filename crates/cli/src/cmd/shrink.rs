//! `smidgen shrink`: a trained model through techniques that make it smaller.

use std::path::PathBuf;

use clap::Args;
use smidgen::reporting::{shorten, shrunk_table};
use smidgen::shrink::{Distillation, Options, Recipe, Sensitivity, Stage, sensitivity, shrink};
use smidgen::{Error, Result};

use super::{project, table};
use crate::output::Output;

/// Make a trained model smaller, stage by stage, each measured on the emulated board
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  smidgen shrink wand --recipe balanced\n  smidgen shrink wand --prune channels=0.5 \
    --cluster 16 --qat 5\n  smidgen shrink wand --recipe my.toml --resume"
)]
pub(crate) struct Shrink {
    /// Project folder
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// A recipe: gentle, balanced, tiny, mobilenet-v2, or a file
    #[arg(long, value_name = "RECIPE", conflicts_with_all = ["low_rank", "prune", "cluster", "qat"])]
    recipe: Option<String>,
    /// Float model instead of the project's own
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Factorise layers until this share of the parameters is gone
    #[arg(long, value_name = "SHARE")]
    low_rank: Option<f64>,
    /// Remove a share of channels, macs, parameters, arena or instructions, so many layers, or set a share of weights to 0; may be
    /// given several times
    #[arg(long, value_name = "WHAT=SHARE", value_parser = pruning)]
    prune: Vec<Pruning>,
    /// Give each layer's weights this many values
    #[arg(long, value_name = "N")]
    cluster: Option<usize>,
    /// Train this many epochs with the int8 arithmetic
    #[arg(long, value_name = "EPOCHS")]
    qat: Option<u64>,
    /// Epochs of training after each of the other stages
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    /// Let the unshrunk model teach the smaller one
    #[arg(long)]
    distill: bool,
    /// Go on after the last whole epoch of an interrupted run
    #[arg(long)]
    resume: bool,
    /// Build and run no firmware
    #[arg(long)]
    no_device: bool,
    /// Only show how much the output changes where single layers lose channels
    #[arg(long, conflicts_with_all = ["recipe", "low_rank", "prune", "cluster", "qat", "resume", "output"])]
    sensitivity: bool,
    /// The int8 model to write; build/shrunk.tflite of the project when absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What is pruned, and how much of it.
#[derive(Debug, Clone, PartialEq)]
struct Pruning {
    what: &'static str,
    share: f64,
}

fn pruning(text: &str) -> std::result::Result<Pruning, String> {
    let known = ["channels", "macs", "parameters", "arena", "instructions", "layers", "weights"];
    let expected = || format!("expected one of {} and a share, such as channels=0.5", known.join(", "));
    let (what, share) = text.split_once('=').ok_or_else(expected)?;
    let what = known.into_iter().find(|known| *known == what).ok_or_else(expected)?;
    let share: f64 = share.parse().map_err(|_| format!("\"{share}\" is no number"))?;
    Ok(Pruning { what, share })
}

impl Shrink {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let project = project(&self.dir, output)?;
        if self.sensitivity {
            let groups = sensitivity(&project, &self.dir, self.model.as_deref(), &mut output.progress())?;
            return output.result(&groups, || sensitivity_table(&groups));
        }
        let options = Options {
            recipe: self.recipe()?,
            model: self.model.clone(),
            resume: self.resume,
            measures: !self.no_device,
            output: self.output.clone(),
        };
        let shrunk = shrink(&project, &self.dir, &options, &mut output.progress())?;
        output.result(&shrunk, || {
            let data = shrunk.data.as_ref().map_or_else(String::new, |data| data.provenance.sentence());
            let board =
                shrunk.board.as_ref().map_or_else(String::new, |board| format!(" Board: {board}, emulated."));
            format!("{}\n{data}{board}", shrunk_table(&shrunk))
        })
    }

    /// The named recipe, or the stages that the options ask for, in the order in which none undoes another.
    fn recipe(&self) -> Result<Recipe> {
        if let Some(name) = &self.recipe {
            let mut recipe = Recipe::load(name)?;
            if let Some(epochs) = self.epochs {
                recipe.stages.iter_mut().for_each(|stage| stage.epochs = Some(epochs));
            }
            if self.distill && recipe.distillation.is_none() {
                recipe.distillation = Some(Distillation::default());
            }
            return Ok(recipe);
        }
        let stage = || Stage { epochs: self.epochs, ..Stage::default() };
        let mut stages = Vec::new();
        if let Some(share) = self.low_rank {
            stages.push(parsed(
                &format!("low_rank_factorization = {{ rank = {{ parameters = {share:?} }} }}"),
                stage(),
            )?);
        }
        for Pruning { what, share } in self.prune.iter().filter(|pruning| pruning.what != "weights") {
            // A number of layers is a whole one.
            let share = if *what == "layers" { share.to_string() } else { format!("{share:?}") };
            stages.push(parsed(
                &format!("structured_pruning = {{ target = {{ {what} = {share} }} }}"),
                stage(),
            )?);
        }
        for Pruning { share, .. } in self.prune.iter().filter(|pruning| pruning.what == "weights") {
            stages.push(parsed(&format!("weight_pruning = {{ sparsity = {share:?} }}"), stage())?);
        }
        if let Some(clusters) = self.cluster {
            stages.push(parsed(&format!("weight_clustering = {{ clusters = {clusters} }}"), stage())?);
        }
        if let Some(epochs) = self.qat {
            let stage = Stage { epochs: Some(epochs), ..Stage::default() };
            stages.push(parsed("quantization_aware_training = {}", stage)?);
        }
        if stages.is_empty() {
            return Err(Error::input("nothing says how to shrink the model")
                .help("--recipe balanced, or techniques: --prune channels=0.5 --cluster 16 --qat 5"));
        }
        let recipe = Recipe { distillation: self.distill.then(Distillation::default), stages };
        recipe.check()?;
        Ok(recipe)
    }
}

/// What of the output is left where a group of layers loses channels.
fn sensitivity_table(groups: &[Sensitivity]) -> String {
    let rows = groups.iter().map(|group| {
        let left = group.decibels.iter().map(|decibels| format!("{decibels:.1}"));
        [shorten(&group.layer, 40), group.channels.to_string()].into_iter().chain(left).collect()
    });
    let columns = ["layers that make", "channels", "25 % fewer, dB", "50 % fewer, dB", "75 % fewer, dB"];
    format!(
        "{}\nPower of the output over that of its change, without training: low where channels matter.",
        table(&columns, rows, &[1, 2, 3, 4])
    )
}

/// The stage with this technique and the epochs of `stage`.
fn parsed(technique: &str, stage: Stage) -> Result<Stage> {
    let recipe = Recipe::parse(&format!("[[stage]]\n{technique}\n"), "the options")?;
    let parsed = recipe.stages.into_iter().next().unwrap_or_default();
    Ok(Stage { epochs: stage.epochs, ..parsed })
}
