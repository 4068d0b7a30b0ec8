//! A trained network, or several, that says what it makes of single examples while another one is trained.

use std::sync::{Mutex, PoisonError};

use smidgen_ir::{Graph, TensorIdx};

use crate::config::Config;
use crate::error::TrainError;
use crate::fake_quantization::Arithmetic;
use crate::features::{FeatureKind, extents};
use crate::lane::{Lane, Shared};
use crate::loss::{Criterion, Label};
use crate::network::Network;
use crate::ops::batch_normalization::Statistics;
use crate::ops::{Common, Layer};

mod quantized;

use quantized::{Quantized, is_quantized};

/// Graphs of one input and one output, all of the same shapes; of float32, or of integers as they are deployed. What they tell is the mean of their logits: what
/// feeds the SOFTMAX that a graph ends in, or its output where it ends in none.
///
/// [`Teacher::tell`] may be called by several threads at once; the result does not depend on them.
#[derive(Debug)]
pub struct Teacher {
    members: Vec<Member>,
    /// Activations of the only member that are told too, with the values that each takes.
    features: Vec<(TensorIdx, FeatureKind, usize)>,
}

#[derive(Debug)]
enum Member {
    Float(Box<Float>),
    Quantized(Box<Quantized>),
}

/// A float32 network.
#[derive(Debug)]
struct Float {
    network: Network,
    criterion: Criterion,
    params: Vec<f32>,
    norms: Vec<Statistics>,
    /// Buffers that nobody uses at the moment.
    idle: Mutex<Vec<Lane>>,
}

impl Teacher {
    /// Compiles the graphs.
    ///
    /// # Errors
    /// No graph, a graph with several inputs or outputs or with a node that the trainer cannot run, or graphs of
    /// different shapes.
    pub fn new(graphs: &[Graph]) -> Result<Self, TrainError> {
        let members: Vec<Member> = graphs.iter().map(Member::new).collect::<Result<_, _>>()?;
        let refuse = |problem: &str| Err(TrainError::graph("the teacher", problem));
        let shape = |member: &Member| (member.n_inputs(), member.n_outputs());
        match members.first().map(shape) {
            None => refuse("is missing"),
            Some(first) if members.iter().any(|member| shape(member) != first) => {
                refuse("has members with different numbers of inputs or outputs")
            }
            Some(_) => Ok(Teacher { members, features: Vec::new() }),
        }
    }

    /// Values of an example.
    pub fn n_inputs(&self) -> usize {
        self.members.first().map_or(0, Member::n_inputs)
    }

    /// The same, and behind the logits what these activations show.
    ///
    /// # Errors
    /// As [`Teacher::new`], several graphs, and activations that are not images or that the trainer does not compute on their own.
    pub fn with_features(
        graphs: &[Graph],
        features: &[(TensorIdx, FeatureKind)],
    ) -> Result<Self, TrainError> {
        let mut teacher = Teacher::new(graphs)?;
        let refuse = |problem: String| TrainError::graph("the teacher", problem);
        let ([graph], [member]) = (graphs, teacher.members.as_slice()) else {
            return Err(refuse("has several members; features are those of one".into()));
        };
        let Member::Float(member) = member else {
            return Err(refuse("is of integers; features are those of float32 models".into()));
        };
        for &(tensor, kind) in features {
            let extents =
                extents(graph, tensor).map_err(|what| refuse(format!("has a feature that {what}")))?;
            if !member.network.steps.iter().any(|step| step.output == tensor.idx()) {
                let name = &graph.tensor(tensor).name;
                return Err(refuse(format!(
                    "does not compute \"{name}\" on its own; take the activation behind it"
                )));
            }
            teacher.features.push((tensor, kind, kind.n_told(extents)));
        }
        Ok(teacher)
    }

    /// Values that it tells of an example.
    pub fn n_outputs(&self) -> usize {
        let features: usize = self.features.iter().map(|(_, _, n)| n).sum();
        self.members.first().map_or(0, Member::n_outputs) + features
    }

    /// Writes the mean of the members' logits for an example, and then what features show.
    ///
    /// # Errors
    /// An example or a result of another size.
    pub fn tell(&self, input: &[f32], logits: &mut [f32]) -> Result<(), String> {
        if (input.len(), logits.len()) != (self.n_inputs(), self.n_outputs()) {
            return Err(format!(
                "the teacher makes {} values of {}, asked for {} of {}",
                self.n_outputs(),
                self.n_inputs(),
                logits.len(),
                input.len()
            ));
        }
        logits.fill(0.0);
        let share = 1.0 / self.members.len() as f32;
        let n = self.members.first().map_or(0, Member::n_outputs);
        let (logits, features) = logits.split_at_mut(n);
        for member in &self.members {
            match member {
                Member::Float(member) => member.add(input, share, logits, (&self.features, &mut *features)),
                Member::Quantized(member) => member.add(input, share, logits)?,
            }
        }
        Ok(())
    }
}

impl Member {
    fn new(graph: &Graph) -> Result<Self, TrainError> {
        Ok(match is_quantized(graph) {
            true => Member::Quantized(Box::new(Quantized::new(graph)?)),
            false => Member::Float(Box::new(Float::new(graph)?)),
        })
    }

    fn n_inputs(&self) -> usize {
        match self {
            Member::Float(member) => member.network.elements[member.network.input],
            Member::Quantized(member) => member.n_inputs(),
        }
    }

    fn n_outputs(&self) -> usize {
        match self {
            Member::Float(member) => member.network.elements[member.network.logits],
            Member::Quantized(member) => member.n_outputs(),
        }
    }
}

impl Float {
    fn new(graph: &Graph) -> Result<Self, TrainError> {
        let network = Network::compile(graph, &Config::default())?;
        let (params, moving) = network.load(graph, None);
        let mut norms: Vec<Statistics> =
            network.norm_channels.iter().map(|&channels| Statistics::new(channels)).collect();
        for step in &network.steps {
            if let Layer::BatchNormalization(layer) = &step.layer {
                layer.use_moving(&params, &moving, &mut norms[layer.norm]);
            }
        }
        let criterion = Criterion::new(&Config::default(), &network);
        Ok(Float { network, criterion, params, norms, idle: Mutex::default() })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Lane>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(
        &self,
        input: &[f32],
        share: f32,
        logits: &mut [f32],
        (features, mut told): (&[(TensorIdx, FeatureKind, usize)], &mut [f32]),
    ) {
        let Float { network, criterion, params, norms, .. } = self;
        let taken = self.idle().pop();
        let mut lane = taken.unwrap_or_else(|| Lane::new(network));
        let fill = |_, values: &mut [f32], _: &mut [f32]| {
            values.copy_from_slice(input);
            Ok(Label::default())
        };
        lane.start(network, 0, 0..1, &fill);
        let common = Common { norms, arithmetic: &Arithmetic::FLOAT };
        let shared = Shared { network, criterion, params, common, batch_weight: 0.0 };
        network.steps.iter().for_each(|step| lane.forward(step, shared));
        let made = lane.values(network, network.logits);
        logits.iter_mut().zip(made).for_each(|(logit, made)| *logit += share * made);
        for &(tensor, kind, n) in features {
            let (own, rest) = std::mem::take(&mut told).split_at_mut(n);
            kind.of(lane.values(network, tensor.idx()), own);
            told = rest;
        }
        self.idle().push(lane);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Examples, Trainer, init};
    use smidgen_ir::build::Builder;

    fn graph(seed: u64) -> Graph {
        let mut net = Builder::new("net", |parameter| vec![0.0; parameter.n_elements()]);
        let x = net.input("x", &[1, 3]);
        let x = net.fully_connected(x, 4);
        let x = net.softmax(x);
        let mut graph = net.finish(&[x]).unwrap();
        init(&mut graph, seed).unwrap();
        graph
    }

    #[test]
    fn tells_the_mean_of_its_members() {
        let graphs = [graph(1), graph(2)];
        let input = [0.5, -1.0, 2.0];
        let told = |graphs: &[Graph]| {
            let mut logits = [0.0; 4];
            Teacher::new(graphs).unwrap().tell(&input, &mut logits).unwrap();
            logits
        };
        let (one, other, both) = (told(&graphs[..1]), told(&graphs[1..]), told(&graphs));
        for at in 0..4 {
            assert!((both[at] - 0.5 * (one[at] + other[at])).abs() < 1e-6);
        }
        // What it tells is what feeds the softmax.
        let trainer = Trainer::new(graphs[0].clone(), Config::default()).unwrap();
        let examples = Examples { shape: vec![3], x: input.to_vec(), y: vec![0], ..Examples::default() };
        let probabilities = trainer.predict(&examples).unwrap();
        let sum: f32 = one.iter().map(|v| v.exp()).sum();
        assert!(one.iter().zip(&probabilities).all(|(logit, p)| (logit.exp() / sum - p).abs() < 1e-6));
    }

    #[test]
    fn says_what_does_not_fit() {
        assert!(Teacher::new(&[]).unwrap_err().to_string().contains("the teacher"));
        let teacher = Teacher::new(&[graph(1)]).unwrap();
        let error = teacher.tell(&[0.0; 2], &mut [0.0; 4]).unwrap_err();
        assert!(error.contains("4 values of 3, asked for 4 of 2"), "{error}");
    }
}
