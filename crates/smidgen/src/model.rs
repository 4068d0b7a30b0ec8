//! The layers of a project file become a float graph with initial weights.

use smidgen_ir::ops::average_pool_2d::AveragePool2d;
use smidgen_ir::ops::batch_normalization::BatchNormalization;
use smidgen_ir::ops::conv_2d::Conv2d;
use smidgen_ir::ops::depthwise_conv_2d::DepthwiseConv2d;
use smidgen_ir::ops::fully_connected::FullyConnected;
use smidgen_ir::ops::max_pool_2d::MaxPool2d;
use smidgen_ir::ops::relu::Relu;
use smidgen_ir::ops::relu6::Relu6;
use smidgen_ir::ops::reshape::Reshape;
use smidgen_ir::ops::softmax::Softmax;
use smidgen_ir::{Activation, DType, Graph, Node, Op, Padding, Tensor, TensorIdx, passes};

use crate::project::{self, Layer, Project};
use crate::{Error, Result, zoo};
use smidgen_zoo::Task;

/// A network that a microcontroller has room for is far below; more is a slip in the project file, and would ask for
/// more memory than the machine has before anything else could tell.
const MAX_PARAMETERS: usize = 1 << 25;
/// The same for the values of one layer's output.
const MAX_OUTPUTS: usize = 1 << 24;

/// Added to the variance in batch normalisation.
const EPSILON: f32 = 1e-3;

/// The project's network for windows of shape `window` (`[rows, axes]` or `[height, width, channels]`) with `n_outputs`
/// classes or values: float32, with initial weights from the project's seed.
///
/// # Errors
/// Layers whose shapes do not fit, named by their position and operator.
pub fn initial_graph(project: &Project, window: &[usize], n_outputs: usize) -> Result<Graph> {
    let [height, width, channels] = input(project, window)?;
    if let Some(name) = &project.model.zoo {
        return of_zoo(project, name, [height, width, channels], n_outputs);
    }
    let mut graph = Graph { name: project.project.name.clone(), ..Graph::default() };
    let input = graph.add_tensor(Tensor::activation("input", DType::F32, vec![1, height, width, channels]));
    graph.inputs = vec![input];
    let mut net = Net { graph, last: input };
    for (at, layer) in project.model.layers.iter().enumerate() {
        let name = format!("{}_{at}", layer.op());
        net.layer(layer, &name).map_err(|error| error.at(format!("model.layers[{at}], {}", layer.op())))?;
    }
    let shape = net.shape().to_vec();
    if shape != [1, n_outputs] {
        let softmax = if project.task() == project::Task::Classes { ", softmax" } else { "" };
        return Err(Error::input(format!("the network ends in shape {shape:?}, expected [1, {n_outputs}]"))
            .help(format!("end with flatten, fully_connected with units = {n_outputs}{softmax}")));
    }
    let Net { mut graph, last } = net;
    graph.outputs = vec![last];
    smidgen_train::init(&mut graph, project.project.seed).map_err(Error::input)?;
    Ok(graph)
}

/// Height, width and channels of the input for windows of shape `window`: the project's own, or the window's.
///
/// # Errors
/// An input of another number of values than a window has.
pub(crate) fn input(project: &Project, window: &[usize]) -> Result<[usize; 3]> {
    let own = match *window {
        [height, width, channels] => [height, width, channels],
        // Networks over time have the axes as channels.
        [rows, axes] if is_over_time(project) => [rows, 1, axes],
        [rows, axes] => [rows, axes, 1],
        _ => [window.iter().product(), 1, 1],
    };
    let [height, width, channels] = project.model.input.unwrap_or(own);
    let n_values = window.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
    if [height, width, channels].iter().try_fold(1usize, |product, &n| product.checked_mul(n)) != n_values {
        let [rows, axes, depth] = own;
        return Err(Error::input(format!(
            "model.input is {height} × {width} × {channels}, but a window has shape {window:?}"
        ))
        .help(if depth == 1 {
            format!("input = [{rows}, 1, {axes}] or [{rows}, {axes}, 1]")
        } else {
            format!("input = [{rows}, {axes}, {depth}]")
        }));
    }
    Ok([height, width, channels])
}

/// Whether the project's model is one of the zoo whose images are one pixel wide.
fn is_over_time(project: &Project) -> bool {
    let entry = project.model.zoo.as_deref().and_then(|name| zoo::find(name).ok());
    entry.is_some_and(|entry| entry.default.input[1] == 1 && entry.default.input[2] > 1)
}

/// A model of the zoo for the project's task.
fn of_zoo(project: &Project, name: &str, input: [usize; 3], n_outputs: usize) -> Result<Graph> {
    let entry = zoo::find(name).map_err(|error| Error::input(error).help("smidgen zoo list"))?;
    let outputs = match (project.task(), entry.task) {
        (project::Task::Classes | project::Task::Values(_), Task::Classification) => Some(n_outputs),
        (project::Task::Objects(_), Task::Detection | Task::Centroids) => Some(n_outputs),
        (project::Task::Anomaly(_), Task::Reconstruction) => Some(1),
        (project::Task::Anomaly(_), Task::Anomaly) => {
            Some(project.model.outputs.unwrap_or(entry.default.outputs))
        }
        _ => None,
    };
    let Some(outputs) = outputs else {
        let task = format!("{:?}", entry.task).to_lowercase();
        return Err(Error::input(format!("model.zoo: {name} is for {task}, which is not the project's task")).help(
            "smidgen zoo list shows the models; autoencoder, k_means and gaussian_mixture are for projects with \
             [anomaly], tiny_yolo, yolo_fastest and fomo for [detection], all others for classes and [target]",
        ));
    };
    let (width, depth) = (project.model.width, project.model.depth);
    let config = zoo::Config {
        input,
        outputs,
        width: width.unwrap_or(entry.default.width),
        depth: depth.unwrap_or(entry.default.depth),
    };
    let graph = zoo::initial(entry, &config, project.project.seed)?;
    let graph = Graph { name: project.project.name.clone(), ..graph };
    let last = graph.nodes.last().filter(|node| matches!(node.op, Op::Softmax(_)));
    match (project.task(), last.and_then(|node| node.inputs.first().copied().flatten())) {
        // Values are no probabilities.
        (project::Task::Values(_), Some(values)) => {
            passes::dead_code(&Graph { outputs: vec![values], ..graph }).map_err(Error::input)
        }
        _ => Ok(graph),
    }
}

struct Net {
    graph: Graph,
    last: TensorIdx,
}

impl Net {
    fn shape(&self) -> &[usize] {
        &self.graph.tensor(self.last).shape
    }

    fn image(&self) -> Result<[usize; 3]> {
        match *self.shape() {
            [1, height, width, channels] => Ok([height, width, channels]),
            ref other => Err(Error::input(format!("needs height × width × channels, found shape {other:?}"))
                .help("put it before flatten, or reshape to three extents first")),
        }
    }

    fn layer(&mut self, layer: &Layer, name: &str) -> Result<()> {
        match layer {
            Layer::Conv2d { .. } => self.conv_2d(layer, name)?,
            Layer::DepthwiseConv2d { .. } => self.depthwise_conv_2d(layer, name)?,
            Layer::MaxPool2d { window, stride, padding } => {
                let stride = stride.unwrap_or(*window);
                let op = MaxPool2d {
                    window: *window,
                    stride,
                    padding: pad(*padding),
                    activation: Activation::None,
                };
                self.pool(Op::MaxPool2d(op), name, *window, stride, *padding)?;
            }
            Layer::AveragePool2d { window, stride, padding } => {
                let [height, width, _] = self.image()?;
                let window = window.unwrap_or([height, width]);
                let stride = stride.unwrap_or(window);
                let op =
                    AveragePool2d { window, stride, padding: pad(*padding), activation: Activation::None };
                self.pool(Op::AveragePool2d(op), name, window, stride, *padding)?;
            }
            Layer::Flatten => self.reshape(name, vec![self.shape().iter().product()])?,
            Layer::Reshape { shape } => self.reshape(name, shape.clone())?,
            Layer::FullyConnected { units, activation } => {
                let [1, n_inputs] = *self.shape() else {
                    return Err(Error::input(format!("needs one row, found shape {:?}", self.shape()))
                        .help("put op = \"flatten\" before it"));
                };
                positive("units", *units)?;
                let op = FullyConnected { activation: fused(*activation, false), keep_num_dims: false };
                let op = Op::FullyConnected(op);
                self.weighted(op, name, vec![*units, n_inputs], *units, vec![1, *units])?;
            }
            Layer::Softmax => {
                let shape = self.shape().to_vec();
                self.node(Op::Softmax(Softmax { beta: 1.0, wide: false }), vec![], name, shape);
            }
        }
        Ok(())
    }

    fn conv_2d(&mut self, layer: &Layer, name: &str) -> Result<()> {
        let Layer::Conv2d { filters, kernel, stride, padding, batch_norm, activation } = layer else {
            return Ok(());
        };
        let [height, width, channels] = self.image()?;
        let [out_h, out_w] = windows([height, width], *kernel, *stride, *padding)?;
        positive("filters", *filters)?;
        let filter = vec![*filters, kernel[0], kernel[1], channels];
        let (padding, fused) = (pad(*padding), fused(*activation, *batch_norm));
        let op = Conv2d { stride: *stride, dilation: [1, 1], padding, activation: fused };
        let output = vec![1, out_h, out_w, *filters];
        self.weighted(Op::Conv2d(op), name, filter, *filters, output)?;
        self.normalised(name, *filters, *batch_norm, *activation);
        Ok(())
    }

    fn depthwise_conv_2d(&mut self, layer: &Layer, name: &str) -> Result<()> {
        let Layer::DepthwiseConv2d { kernel, stride, depth_multiplier, padding, batch_norm, activation } =
            layer
        else {
            return Ok(());
        };
        let [height, width, channels] = self.image()?;
        let [out_h, out_w] = windows([height, width], *kernel, *stride, *padding)?;
        positive("depth_multiplier", *depth_multiplier)?;
        let filters = channels.saturating_mul(*depth_multiplier);
        let op = DepthwiseConv2d {
            depth_multiplier: *depth_multiplier,
            stride: *stride,
            dilation: [1, 1],
            padding: pad(*padding),
            activation: fused(*activation, *batch_norm),
        };
        let filter = vec![1, kernel[0], kernel[1], filters];
        let output = vec![1, out_h, out_w, filters];
        self.weighted(Op::DepthwiseConv2d(op), name, filter, filters, output)?;
        self.normalised(name, filters, *batch_norm, *activation);
        Ok(())
    }

    fn pool(
        &mut self,
        op: Op,
        name: &str,
        window: [usize; 2],
        stride: [usize; 2],
        padding: project::Padding,
    ) -> Result<()> {
        let [height, width, channels] = self.image()?;
        let [out_h, out_w] = windows([height, width], window, stride, padding)?;
        self.node(op, vec![], name, vec![1, out_h, out_w, channels]);
        Ok(())
    }

    fn reshape(&mut self, name: &str, shape: Vec<usize>) -> Result<()> {
        let full: Vec<usize> = std::iter::once(1).chain(shape).collect();
        let n_elements: usize = self.shape().iter().product();
        if full.iter().try_fold(1usize, |product, &n| product.checked_mul(n)) != Some(n_elements) {
            return Err(Error::input(format!("shape {full:?} does not hold {n_elements} values")));
        }
        let extents = full.iter().map(|&extent| i32::try_from(extent)).collect::<std::result::Result<_, _>>();
        let extents = extents.map_err(|_| Error::input("an extent is too large"))?;
        self.node(Op::Reshape(Reshape { shape: extents }), vec![], name, full);
        Ok(())
    }

    /// A layer with filter and bias.
    fn weighted(
        &mut self,
        op: Op,
        name: &str,
        filter: Vec<usize>,
        n_bias: usize,
        output: Vec<usize>,
    ) -> Result<()> {
        let n_weights = at_most(&filter, MAX_PARAMETERS, "weights")?;
        at_most(&output, MAX_OUTPUTS, "outputs")?;
        let weights = vec![0.0; n_weights];
        let filter = self.graph.add_tensor(Tensor::const_f32(format!("{name}/filter"), filter, &weights));
        let zeros = vec![0.0; n_bias];
        let bias = self.graph.add_tensor(Tensor::const_f32(format!("{name}/bias"), vec![n_bias], &zeros));
        self.node(op, vec![filter, bias], name, output);
        Ok(())
    }

    fn normalised(&mut self, name: &str, channels: usize, batch_norm: bool, activation: project::Activation) {
        if !batch_norm {
            return;
        }
        let operands = ["gamma", "beta", "mean", "variance"].map(|part| {
            let tensor = Tensor::const_f32(format!("{name}/{part}"), vec![channels], &vec![0.0; channels]);
            self.graph.add_tensor(tensor)
        });
        let shape = self.shape().to_vec();
        let op = Op::BatchNormalization(BatchNormalization { epsilon: EPSILON });
        self.node(op, operands.to_vec(), &format!("{name}/batch_norm"), shape.clone());
        let op = match activation {
            project::Activation::None => return,
            project::Activation::Relu => Op::Relu(Relu),
            project::Activation::Relu6 => Op::Relu6(Relu6),
        };
        self.node(op, vec![], &format!("{name}/activation"), shape);
    }

    fn node(&mut self, op: Op, constants: Vec<TensorIdx>, name: &str, shape: Vec<usize>) {
        let output = self.graph.add_tensor(Tensor::activation(name, DType::F32, shape));
        let inputs = std::iter::once(self.last).chain(constants).map(Some).collect();
        self.graph.nodes.push(Node { op, inputs, outputs: vec![output] });
        self.last = output;
    }
}

fn pad(padding: project::Padding) -> Padding {
    match padding {
        project::Padding::Same => Padding::Same,
        project::Padding::Valid => Padding::Valid,
    }
}

/// The activation inside the operator; after batch normalisation it stands on its own until that is folded.
fn fused(activation: project::Activation, batch_norm: bool) -> Activation {
    match activation {
        _ if batch_norm => Activation::None,
        project::Activation::None => Activation::None,
        project::Activation::Relu => Activation::Relu,
        project::Activation::Relu6 => Activation::Relu6,
    }
}

/// The number of elements of `shape`, which must not be absurd.
fn at_most(shape: &[usize], limit: usize, what: &str) -> Result<usize> {
    let n = shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
    n.filter(|&n| n <= limit).ok_or_else(|| {
        Error::input(format!("{what} of shape {shape:?} are more than {limit}, the most of a layer"))
            .help("make filters, units, kernel or the input smaller")
    })
}

fn positive(name: &str, value: usize) -> Result<()> {
    if value == 0 { Err(Error::input(format!("{name} must be at least 1"))) } else { Ok(()) }
}

/// Output extents of a window operator, as TFLite defines SAME and VALID.
fn windows(
    input: [usize; 2],
    window: [usize; 2],
    stride: [usize; 2],
    padding: project::Padding,
) -> Result<[usize; 2]> {
    let extent = |axis: usize| {
        let (input, window, stride) = (input[axis], window[axis], stride[axis]);
        positive("the window's extent", window)?;
        positive("stride", stride)?;
        match padding {
            project::Padding::Same => Ok(input.div_ceil(stride)),
            project::Padding::Valid if window <= input => Ok((input - window) / stride + 1),
            project::Padding::Valid => {
                Err(Error::input(format!("a window of {window} does not fit into {input}"))
                    .help("make it smaller, or padding = \"same\""))
            }
        }
    };
    Ok([extent(0)?, extent(1)?])
}

#[cfg(test)]
mod tests;
