//! One stage of a recipe: the technique, and the training with it or after it.

use std::path::Path;

use smidgen_compress::quantization_aware_training::Prepared;
use smidgen_compress::{
    Context, Held, low_rank_factorization, structured_pruning, weight_clustering, weight_pruning,
};
use smidgen_ir::Graph;
use smidgen_train::{Config, Loss, Source, Trainer};

use super::recipe::{Distillation, Stage, Technique};
use crate::dataset::Windows;
use crate::events::{Event, Observer};
use crate::features::Taught;
use crate::project::Project;
use crate::train;
use crate::tune::{self, Sets};
use crate::{Error, Result, files};

/// A network on its way, and what later stages must not undo.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// The float network.
    pub(super) graph: Graph,
    /// Its int8 form, where it was trained with it.
    pub(super) int8: Option<Graph>,
    /// Whether weights of 0 stay 0.
    pub(super) keeps_zeros: bool,
    /// Whether weights of one value stay together.
    pub(super) keeps_clusters: bool,
}

impl State {
    pub(super) fn new(graph: Graph) -> Self {
        State { graph, int8: None, keeps_zeros: false, keeps_clusters: false }
    }

    /// What weights are held to while they are trained.
    fn held(&self) -> Held {
        match (self.keeps_clusters, self.keeps_zeros) {
            // Zeros are a cluster.
            (true, _) => weight_clustering::held(&self.graph),
            (false, true) => weight_pruning::zeros(&self.graph),
            (false, false) => Held::new(),
        }
    }
}

/// What all stages work with.
pub(super) struct Bench<'a> {
    pub(super) project: &'a Project,
    /// The project's folder.
    pub(super) dir: &'a Path,
    pub(super) windows: &'a Windows,
    /// Windows to calibrate with.
    pub(super) calibration: &'a [Vec<f32>],
    /// The unshrunk network, and how it teaches.
    pub(super) teacher: Option<(&'a Graph, &'a Distillation)>,
}

/// Windows whose gradients tell how much a channel matters.
const GRADIENT_WINDOWS: usize = 1024;

/// A network with its technique applied, ready to be trained.
struct Applied {
    state: State,
    prepared: Option<Prepared>,
}

impl Bench<'_> {
    /// The teacher of a network that is to be trained.
    fn taught(&self, student: &Graph) -> Result<Option<Taught>> {
        let of = |(teacher, config): (&Graph, &Distillation)| {
            Taught::new(std::slice::from_ref(teacher), config.features.as_ref(), student)
        };
        self.teacher.map(of).transpose()
    }

    /// How the network `student` is trained.
    pub(super) fn config(
        &self,
        stage: &Stage,
        student: &Graph,
        prepared: Option<&Prepared>,
    ) -> Result<Config> {
        let training = train::config(self.project, self.windows, 0);
        let loss = match self.teacher {
            Some((_, &Distillation { temperature, share, .. })) => Loss::Distillation { temperature, share },
            None => self.project.loss(),
        };
        Ok(Config {
            features: self.taught(student)?.map_or_else(Vec::new, |taught| taught.features),
            epochs: stage.n_epochs().max(1),
            learning_rate: stage.rate(training.learning_rate),
            fake_quantization: prepared.map(|prepared| prepared.fake.clone()),
            // A stage runs to its end: sparsity grows, and the last weights are those that hold.
            patience: None,
            ema_decay: None,
            loss,
            ..training
        })
    }

    /// Applies the technique of a stage; how much of it grows while training is left to that.
    fn apply(&self, stage: &Stage, state: &State, log: &mut Vec<String>) -> Result<Applied> {
        let mut context = Context::new(self.calibration);
        let mut state = state.clone();
        let mut prepared = None;
        match stage.technique()? {
            Technique::LowRank(config) => {
                state.graph = low_rank_factorization::apply(&state.graph, config, &mut context)
                    .map_err(Error::input)?;
            }
            Technique::Channels(config) => {
                if config.importance == structured_pruning::Importance::Taylor {
                    context.gradients = self.gradients(stage, &state.graph)?;
                }
                state.graph =
                    structured_pruning::apply(&state.graph, config, &mut context).map_err(Error::input)?;
            }
            Technique::Weights(config) => {
                if stage.n_epochs() == 0 {
                    state.graph =
                        weight_pruning::apply(&state.graph, config, &mut context).map_err(Error::input)?;
                } else {
                    weight_pruning::held(&state.graph, None, config, config.sparsity)
                        .map_err(Error::input)?;
                    config
                        .rewind
                        .as_ref()
                        .map(|rewind| self.early(config, rewind, &state.graph))
                        .transpose()?;
                }
            }
            Technique::Clusters(config) => {
                state.graph =
                    weight_clustering::apply(&state.graph, config, &mut context).map_err(Error::input)?;
                state.keeps_clusters = true;
            }
            Technique::Quantized(config) => {
                let made = Prepared::new(&state.graph, config, &context).map_err(Error::input)?;
                state.graph.clone_from(&made.graph);
                prepared = Some(made);
            }
            Technique::FineTuning => {}
        }
        state.keeps_zeros |= stage.technique()?.makes_zeros();
        log.append(&mut context.log);
        Ok(Applied { state, prepared })
    }

    fn gradients(&self, stage: &Stage, graph: &Graph) -> Result<std::collections::BTreeMap<usize, Vec<f32>>> {
        let taught = self.taught(graph)?;
        let sets = Sets::new(self.project, self.windows, taught.as_ref().map(|taught| &taught.teacher))?;
        let trainer = Trainer::new(graph.clone(), self.config(stage, graph, None)?).map_err(Error::input)?;
        let (n, wanted) = (sets.train().len(), sets.train().len().min(GRADIENT_WINDOWS));
        let indices: Vec<usize> = (0..wanted).map(|at| at * n / wanted).collect();
        let gradients = trainer.gradients(sets.train(), &indices).map_err(Error::input)?;
        Ok(gradients.into_iter().map(|(tensor, gradients)| (tensor.idx(), gradients)).collect())
    }

    /// Applies a stage without training: whatever is impossible is found before any long work.
    ///
    /// # Errors
    /// As the technique, and a network that cannot be trained.
    pub(super) fn rehearse(&self, stage: &Stage, state: &State) -> Result<State> {
        let Applied { mut state, prepared } = self.apply(stage, state, &mut Vec::new())?;
        if stage.n_epochs() > 0 {
            let config = self.config(stage, &state.graph, prepared.as_ref())?;
            Trainer::new(state.graph.clone(), config).map_err(Error::input)?;
        }
        if let Technique::Weights(config) = stage.technique()? {
            state.graph =
                weight_pruning::apply(&state.graph, config, &mut Context::new(&[])).map_err(Error::input)?;
        }
        Ok(state)
    }

    /// Applies and trains a stage. Each epoch is kept in `checkpoint`, which is gone on with where it has the same `key`.
    ///
    /// # Errors
    /// As [`Bench::rehearse`] and training; [`crate::Kind::Interrupted`] when the observer asked to stop.
    pub(super) fn run(
        &self,
        stage: &Stage,
        state: &State,
        (checkpoint, key): (&Path, &str),
        observer: &mut dyn Observer,
    ) -> Result<(State, Vec<String>)> {
        let mut log = Vec::new();
        let Applied { mut state, prepared } = self.apply(stage, state, &mut log)?;
        log.iter().for_each(|line| observer.event(Event::Note(line)));
        if let Technique::Weights(config) = stage.technique()?
            && let Some(rewind) = &config.rewind
        {
            state.graph = self.rounds((stage, config, rewind), state.graph, (checkpoint, key), observer)?;
        } else if stage.n_epochs() > 0 {
            let config = self.config(stage, &state.graph, prepared.as_ref())?;
            let mut trainer = match saved(checkpoint, key)? {
                Some(bytes) => Trainer::resume(state.graph.clone(), config, &bytes),
                None => Trainer::new(state.graph.clone(), config),
            }
            .map_err(Error::input)?;
            trainer.constrain(state.held()).map_err(Error::input)?;
            self.train(stage, &state.graph, &mut trainer, (checkpoint, key), observer)?;
            state.graph = trainer.graph();
            if state.keeps_clusters {
                state.graph = weight_clustering::settled(&state.graph);
            }
            if let Some(prepared) = &prepared {
                let (ranges, scales) = (trainer.ranges(), trainer.scales());
                let int8 = prepared.quantized(&state.graph, &ranges, &scales, &mut Vec::new());
                state.int8 = Some(int8.map_err(Error::input)?);
            }
        }
        Ok((state, log))
    }

    /// `start` is the graph before training.
    pub(super) fn train(
        &self,
        stage: &Stage,
        start: &Graph,
        trainer: &mut Trainer,
        (checkpoint, key): (&Path, &str),
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let taught = self.taught(start)?;
        let sets = Sets::new(self.project, self.windows, taught.as_ref().map(|taught| &taught.teacher))?;
        let mut grow = |trainer: &mut Trainer| {
            let Technique::Weights(config) = stage.technique()? else { return Ok(()) };
            if config.rewind.is_some() {
                return Ok(());
            }
            let sparsity = config.sparsity_at(trainer.epochs_done(), trainer.config().epochs);
            let held = weight_pruning::held(&trainer.graph(), Some(start), config, sparsity);
            let held = held.map_err(Error::input)?;
            trainer.constrain(held).map_err(Error::input)
        };
        let mut save = |trainer: &Trainer| {
            let state = trainer.checkpoint();
            files::write(checkpoint, &[key.as_bytes(), b"\n", &state].concat())
        };
        if tune::epochs(trainer, &sets, observer, &mut grow, &mut save)? {
            return Err(Error::interrupted("shrinking was stopped; what was done is kept")
                .at(checkpoint.display())
                .help("go on with the same command and --resume"));
        }
        Ok(())
    }
}

/// The trainer's state in a checkpoint, if it is of this stage.
pub(super) fn saved(checkpoint: &Path, key: &str) -> Result<Option<Vec<u8>>> {
    if !checkpoint.exists() {
        return Ok(None);
    }
    let bytes = files::read(checkpoint)?;
    Ok(bytes.strip_prefix(key.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n")).map(<[u8]>::to_vec))
}
