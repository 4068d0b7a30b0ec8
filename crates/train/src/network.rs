//! A graph compiled for training: its live nodes as layers, activations fused, gradient buffers assigned.

mod quantized;

use smidgen_ir::ops::Op;
use smidgen_ir::{DType, Graph, IrError, Node, NodeIdx, TensorIdx};
use smidgen_kernels::float;

use crate::activation::Clamp;
use crate::config::{Config, Loss};
use crate::error::TrainError;
use crate::fake_quantization::{FakeQuantization, Filters};
use crate::features::{self, Feature};
use crate::operands::Operands;
use crate::ops::{Layer, Role, roles, softmax};
use crate::parameters::Parameters;

/// A gradient that a step makes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    /// Operand of the layer.
    pub(crate) operand: usize,
    /// Buffer for the gradient.
    pub(crate) buffer: usize,
    /// Tensor that it is the gradient of.
    pub(crate) tensor: usize,
    /// Whether another step has already put a part of the gradient there.
    pub(crate) adds: bool,
}

/// A layer and the tensors that it reads and writes.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) layer: Layer,
    /// Whether it has parameters to train.
    pub(crate) has_parameters: bool,
    /// Activations read, by operand; `None` for a constant or no operand.
    pub(crate) inputs: Vec<Option<usize>>,
    pub(crate) output: usize,
    /// Buffer that holds the gradient of the result; `None` where nothing before it is trained.
    pub(crate) gradient: Option<usize>,
    /// Gradients to make from it.
    pub(crate) targets: Vec<Target>,
}

/// A last node that is part of the loss.
#[derive(Debug, Clone)]
pub(crate) enum Head {
    Softmax(softmax::Layer),
    Logistic,
}

impl Head {
    /// The factor of the logits in a softmax.
    pub(crate) fn beta(&self) -> f32 {
        match self {
            Head::Softmax(softmax) => softmax.beta(),
            Head::Logistic => 1.0,
        }
    }

    /// What the graph makes of the logits.
    pub(crate) fn forward(&self, logits: &[f32], y: &mut [f32]) {
        match self {
            Head::Softmax(softmax) => softmax.forward(logits, y),
            Head::Logistic => y.iter_mut().zip(logits).for_each(|(y, &x)| *y = float::logistic(x)),
        }
    }
}

/// A compiled graph. Tensors are named by their index in it.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) steps: Vec<Step>,
    /// Elements of each tensor for one example.
    pub(crate) elements: Vec<usize>,
    pub(crate) input: usize,
    /// What the loss reads: the output, or what feeds the SOFTMAX that makes it.
    pub(crate) logits: usize,
    /// The last extent of what the loss reads.
    pub(crate) depth: usize,
    /// The node at the end that the loss takes over.
    pub(crate) head: Option<Head>,
    /// Buffer for the gradient of the logits.
    pub(crate) logits_gradient: usize,
    /// Number of gradient buffers.
    pub(crate) n_gradients: usize,
    /// Channels of each batch normalisation.
    pub(crate) norm_channels: Vec<usize>,
    pub(crate) parameters: Parameters,
    /// Nodes from the first on that are not trained.
    frozen: usize,
    /// Weights that are trained on their steps.
    pub(crate) filters: Filters,
    /// Initial ranges of activations that are quantised; their values stand behind the moving statistics.
    pub(crate) ranges: Vec<(f32, f32)>,
    /// Share of its old value that a range keeps in a training step.
    pub(crate) range_momentum: f32,
    /// Activations that are held to a teacher's.
    pub(crate) features: Vec<Tap>,
}

/// An activation that is held to a teacher's.
#[derive(Debug, Clone)]
pub(crate) struct Tap {
    pub(crate) feature: Feature,
    /// Values that the teacher tells of it.
    pub(crate) n_told: usize,
    /// Buffer that its gradient begins in; `None` where nothing before it is trained.
    pub(crate) gradient: Option<usize>,
}

fn only(graph: &Graph, what: &str, tensors: &[TensorIdx]) -> Result<TensorIdx, TrainError> {
    let place = format!("model \"{}\"", graph.name);
    let &[idx] = tensors else {
        let problem = format!("has {} {what}s; the trainer takes models with one", tensors.len());
        return Err(TrainError::graph(place, problem));
    };
    match graph.get(idx) {
        Some(tensor) if tensor.dtype == DType::F32 && !tensor.is_const() => Ok(idx),
        Some(tensor) => {
            let problem = format!("its {what} is {}; the trainer takes float32 models", tensor.dtype.name());
            Err(TrainError::graph(place, problem))
        }
        None => Err(TrainError::graph(place, format!("its {what} names a tensor that is not there"))),
    }
}

/// The nodes that the output depends on.
fn live_nodes(graph: &Graph, output: TensorIdx) -> Vec<bool> {
    let mut wanted = vec![output];
    let mut live = vec![false; graph.nodes.len()];
    for (node, live) in graph.nodes.iter().zip(&mut live).rev() {
        if node.outputs.iter().any(|output| wanted.contains(output)) {
            *live = true;
            wanted.extend(node.inputs.iter().flatten());
        }
    }
    live
}

impl Network {
    /// Compiles a graph with one float32 input and one float32 output; errors name the node.
    pub(crate) fn compile(graph: &Graph, config: &Config) -> Result<Self, TrainError> {
        let &Config { loss, frozen_nodes: frozen, .. } = config;
        let fake = config.fake_quantization.as_ref();
        graph.verify().map_err(|problems| TrainError::Invalid(IrError::Invalid(problems)))?;
        let (input, output) = (only(graph, "input", &graph.inputs)?, only(graph, "output", &graph.outputs)?);
        let live = live_nodes(graph, output);
        let parameters = Parameters::of(graph, &live, frozen)?;
        let mut network = Network {
            steps: Vec::new(),
            elements: graph.tensors.iter().map(|tensor| tensor.n_elements()).collect(),
            input: input.idx(),
            logits: output.idx(),
            depth: 0,
            head: None,
            logits_gradient: 0,
            n_gradients: 0,
            norm_channels: Vec::new(),
            parameters,
            frozen,
            filters: Filters::default(),
            ranges: fake.map_or_else(Vec::new, |fake| fake.ranges.clone()),
            range_momentum: fake.map_or(1.0, |fake| fake.momentum),
            features: Vec::new(),
        };
        if let Some(fake) = fake {
            network.put_on_steps(graph, fake)?;
        }
        network.quantize_input(fake)?;
        for (at, _) in (0u32..).zip(&live).filter(|(_, live)| **live) {
            network.push(graph, NodeIdx(at), fake)?;
        }
        network.take_head(graph, loss)?;
        let logits = graph.tensors.get(network.logits);
        network.depth = logits.and_then(|logits| logits.shape.last().copied()).unwrap_or(1).max(1);
        network.check_whole(graph, loss)?;
        network.tap(graph, config)?;
        network.plan_gradients();
        Ok(network)
    }

    /// A step for each result of the node that somebody reads.
    fn push(
        &mut self,
        graph: &Graph,
        at: NodeIdx,
        fake: Option<&FakeQuantization>,
    ) -> Result<(), TrainError> {
        let outputs = &graph.nodes[at.idx()].outputs;
        for result in 0..outputs.len() {
            let output = outputs[result];
            if outputs.len() == 1 || !graph.consumers(output).is_empty() || graph.outputs.contains(&output) {
                self.push_result(graph, at, result)?;
                self.quantize_output(graph, output, fake)?;
            }
        }
        Ok(())
    }

    fn push_result(&mut self, graph: &Graph, at: NodeIdx, result: usize) -> Result<(), TrainError> {
        let operands = Operands::new(graph, (at, result), &self.parameters, self.norm_channels.len())?;
        let node = &graph.nodes[at.idx()];
        let mut layer = Layer::compile(&node.op, &operands)?;
        let inputs = self.inputs(graph, node, operands.place())?;
        let output = node.outputs[result].idx();
        let clamp = match node.op {
            Op::Relu(_) => Some(Clamp::RELU),
            Op::Relu6(_) => Some(Clamp::RELU6),
            _ => None,
        };
        if let (Some(clamp), Some(&Some(input))) = (clamp, inputs.first())
            && self.fuse(graph, input, clamp, output)
        {
            return Ok(());
        }
        let is_frozen = at.idx() < self.frozen;
        if let Layer::BatchNormalization(norm) = &mut layer {
            if is_frozen {
                let problem = "is frozen, and would follow the new data all the same; fold it first";
                return Err(TrainError::graph(graph.describe(at), problem));
            }
            self.norm_channels.push(norm.channels);
        }
        let has_parameters = !is_frozen && roles(&node.op).iter().any(|(_, role)| *role != Role::Moving);
        self.steps.push(Step { layer, has_parameters, inputs, output, gradient: None, targets: Vec::new() });
        Ok(())
    }

    /// The activations that `node` reads.
    fn inputs(&self, graph: &Graph, node: &Node, place: &str) -> Result<Vec<Option<usize>>, TrainError> {
        let is_made = |at: usize| at == self.input || self.steps.iter().any(|step| step.output == at);
        let activation = |input: &Option<TensorIdx>| {
            let Some(input) = *input else { return Ok(None) };
            match graph.get(input) {
                Some(tensor) if tensor.is_const() || tensor.is_variable => Ok(None),
                Some(_) if is_made(input.idx()) => Ok(Some(input.idx())),
                _ => Err(TrainError::graph(place, "reads a tensor that no earlier node makes")),
            }
        };
        let inputs: Vec<_> = node.inputs.iter().map(activation).collect::<Result<_, _>>()?;
        // What has weights reads its first operand; of others any operand may be the activation.
        let is_fed = match roles(&node.op) {
            [] => inputs.iter().any(Option::is_some),
            _ => inputs.first().is_some_and(Option::is_some),
        };
        if !is_fed {
            return Err(TrainError::graph(
                place,
                "reads constants only; fold it first (smidgen convert does)",
            ));
        }
        Ok(inputs)
    }

    /// Lets the step that makes `input` clamp it and make `output` instead, if nothing else reads `input`.
    fn fuse(&mut self, graph: &Graph, input: usize, clamp: Clamp, output: usize) -> bool {
        let tensor = TensorIdx(input as u32);
        if graph.consumers(tensor).len() != 1 || graph.outputs.contains(&tensor) {
            return false;
        }
        let Some(step) = self.steps.iter_mut().find(|step| step.output == input) else { return false };
        match step.layer.clamp_mut() {
            Some(free) if *free == Clamp::NONE => {
                *free = clamp;
                step.output = output;
                true
            }
            _ => false,
        }
    }

    /// Leaves the SOFTMAX or LOGISTIC at the end to a loss that takes what feeds it.
    fn take_head(&mut self, graph: &Graph, loss: Loss) -> Result<(), TrainError> {
        let Some(Step { layer, inputs, output, .. }) = self.steps.last() else { return Ok(()) };
        let Some(&Some(input)) = inputs.first() else { return Ok(()) };
        let is_logistic = graph
            .producer(TensorIdx(*output as u32))
            .and_then(|node| graph.nodes.get(node.idx()))
            .is_some_and(|node| matches!(node.op, Op::Logistic(_)));
        let head = match (layer, loss) {
            (Layer::Softmax(softmax), loss) if loss.has_classes() => {
                if softmax.depth() != self.elements[input] {
                    let problem =
                        format!("its SOFTMAX has rows of {}; the loss takes one row", softmax.depth());
                    return Err(TrainError::graph(format!("model \"{}\"", graph.name), problem));
                }
                Head::Softmax(softmax.clone())
            }
            (Layer::Softmax(softmax), Loss::Centroids { .. }) => Head::Softmax(softmax.clone()),
            (_, Loss::BinaryCrossEntropy) if is_logistic => Head::Logistic,
            _ => return Ok(()),
        };
        (self.logits, self.head) = (input, Some(head));
        self.steps.pop();
        Ok(())
    }

    fn check_whole(&self, graph: &Graph, loss: Loss) -> Result<(), TrainError> {
        let refuse = |problem: String| Err(TrainError::graph(format!("model \"{}\"", graph.name), problem));
        if self.parameters.n_trained == 0 || !self.steps.iter().any(|step| step.has_parameters) {
            return refuse("has no float32 weights to train".into());
        }
        let (n_in, n_out) = (self.elements[self.input], self.elements[self.logits]);
        match loss {
            Loss::Reconstruction if n_in != n_out => refuse(format!(
                "makes {n_out} values of {n_in}; reconstruction needs as many as the input has"
            )),
            Loss::Detection if self.depth <= 5 => refuse(format!(
                "ends in rows of {}; detection needs y, x, height, width, objectness and classes",
                self.depth
            )),
            loss if loss.has_classes() && n_out < 2 => {
                refuse(format!("makes {n_out} value; cross-entropy needs one for each of 2 or more classes"))
            }
            _ => Ok(()),
        }
    }

    /// Notes the activations that are held to a teacher's.
    fn tap(&mut self, graph: &Graph, config: &Config) -> Result<(), TrainError> {
        let refuse = |problem: String| TrainError::graph(format!("model \"{}\"", graph.name), problem);
        if !config.features.is_empty() && !matches!(config.loss, Loss::Distillation { .. }) {
            return Err(refuse("features need the loss distillation, which has a teacher".into()));
        }
        for &feature in &config.features {
            let extents = features::extents(graph, feature.tensor)
                .map_err(|what| refuse(format!("the feature {what}")))?;
            if !self.steps.iter().any(|step| step.output == feature.tensor.idx()) {
                let name = &graph.tensor(feature.tensor).name;
                return Err(refuse(format!(
                    "the feature \"{name}\" is not computed on its own; take the activation behind it"
                )));
            }
            self.features.push(Tap { feature, n_told: feature.kind.n_told(extents), gradient: None });
        }
        Ok(())
    }

    /// Assigns the gradients to buffers, from the last step to the first; a buffer is free again once its step is done.
    fn plan_gradients(&mut self) {
        let mut needed = vec![false; self.elements.len()];
        for step in &self.steps {
            needed[step.output] =
                step.has_parameters || step.inputs.iter().flatten().any(|&input| needed[input]);
        }
        let mut buffers: Vec<Option<usize>> = vec![None; self.elements.len()];
        let mut free = Vec::new();
        let mut n_buffers = 1;
        buffers[self.logits] = Some(0);
        for tap in &mut self.features {
            // What its readers make is added to it.
            let tensor = tap.feature.tensor.idx();
            if needed[tensor] && buffers[tensor].is_none() {
                tap.gradient = Some(n_buffers);
                buffers[tensor] = Some(n_buffers);
                n_buffers += 1;
            }
        }
        for step in self.steps.iter_mut().rev() {
            let Some(gradient) = buffers[step.output] else { continue };
            step.gradient = Some(gradient);
            for (operand, &tensor) in
                step.inputs.iter().enumerate().filter_map(|(at, input)| Some((at, input.as_ref()?)))
            {
                if !needed[tensor] {
                    continue;
                }
                let adds = buffers[tensor].is_some();
                let buffer = *buffers[tensor].get_or_insert_with(|| {
                    free.pop().unwrap_or_else(|| {
                        n_buffers += 1;
                        n_buffers - 1
                    })
                });
                step.targets.push(Target { operand, buffer, tensor, adds });
            }
            free.push(gradient);
        }
        (self.logits_gradient, self.n_gradients) = (0, n_buffers);
    }
}
