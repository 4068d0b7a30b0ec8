//! Weight pruning in rounds, each trained from early weights.

use std::path::Path;

use smidgen_compress::weight_pruning::{self, Config, Rewind};
use smidgen_ir::Graph;
use smidgen_train::Trainer;

use super::recipe::Stage;
use super::stage::{Bench, saved};
use crate::events::{Event, Observer};
use crate::{Error, Result, model_file, train};

impl Bench<'_> {
    /// The weights that pruning goes back to.
    ///
    /// # Errors
    /// A file that cannot be read, or is not of the network `start`.
    pub(super) fn early(&self, config: &Config, rewind: &Rewind, start: &Graph) -> Result<Graph> {
        let Some(to) = &rewind.to else { return Ok(start.clone()) };
        let path = self.dir.join(to);
        let help = "[training] early_epochs = 2 makes smidgen train leave build/early.tflite beside float.tflite; without \
                    `to` weights go back to what they were before the stage";
        if !path.exists() {
            return Err(Error::input("there is no such model to rewind to").at(path.display()).help(help));
        }
        let early = train::exported(&model_file::read(&path)?)?;
        weight_pruning::rewound(start, &early, config, config.sparsity)
            .map_err(|error| Error::input(error).at(path.display()).help(help))?;
        Ok(early)
    }

    /// Prunes, goes back and trains, round after round. A checkpoint has the key of its round.
    ///
    /// # Errors
    /// As [`Bench::early`] and training; [`crate::Kind::Interrupted`] when the observer asked to stop.
    pub(super) fn rounds(
        &self,
        (stage, config, rewind): (&Stage, &Config, &Rewind),
        start: Graph,
        (checkpoint, key): (&Path, &str),
        observer: &mut dyn Observer,
    ) -> Result<Graph> {
        let early = self.early(config, rewind, &start)?;
        let key = |round: u32| format!("{key} {round}");
        let mut kept = None;
        for round in 1..=rewind.rounds {
            kept = saved(checkpoint, &key(round))?.map(|bytes| (round, bytes)).or(kept);
        }
        let mut graph = start;
        for round in kept.as_ref().map_or(1, |(round, _)| *round)..=rewind.rounds {
            let sparsity = rewind.sparsity(config.sparsity, round);
            let share = 100.0 * sparsity;
            observer.event(Event::Note(&format!(
                "round {round} of {}: {share:.1} % of the weights are 0",
                rewind.rounds
            )));
            let training = self.config(stage, &graph, None)?;
            let trainer = match kept.take() {
                Some((_, bytes)) => Trainer::resume(graph, training, &bytes),
                None => {
                    let pruned = weight_pruning::rewound(&graph, &early, config, sparsity);
                    Trainer::new(pruned.map_err(Error::input)?, training)
                }
            };
            let mut trainer = trainer.map_err(Error::input)?;
            trainer.constrain(weight_pruning::zeros(&trainer.graph())).map_err(Error::input)?;
            self.train(stage, &early, &mut trainer, (checkpoint, &key(round)), observer)?;
            graph = trainer.graph();
        }
        Ok(graph)
    }
}
