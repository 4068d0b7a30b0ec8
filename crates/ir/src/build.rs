//! A fluent builder of graphs: float networks with initialised weights, or any operator on given tensors.
//!
//! ```
//! use smidgen_ir::build::{Builder, Conv};
//!
//! let mut net = Builder::new("wand", |parameter| vec![0.1; parameter.n_elements()]);
//! let x = net.input("accelerometer", &[1, 128, 3, 1]);
//! let x = net.conv_2d(x, Conv::new(8, [4, 3]).relu());
//! let x = net.max_pool_2d(x, [3, 3], [3, 3]);
//! let x = net.reshape(x, &[1, -1]);
//! let x = net.fully_connected(x, 4);
//! let x = net.softmax(x);
//! let graph = net.finish(&[x]).unwrap();
//! assert_eq!(graph.output_bytes(), 16);
//! ```

use std::fmt;

use crate::error::IrError;
use crate::graph::{Graph, Node, NodeIdx, TensorIdx};
use crate::ops::add::Add;
use crate::ops::average_pool_2d::AveragePool2d;
use crate::ops::batch_normalization::BatchNormalization;
use crate::ops::conv_2d::Conv2d;
use crate::ops::depthwise_conv_2d::DepthwiseConv2d;
use crate::ops::dequantize::Dequantize;
use crate::ops::fully_connected::FullyConnected;
use crate::ops::max_pool_2d::MaxPool2d;
use crate::ops::pad::Pad;
use crate::ops::quantize::Quantize;
use crate::ops::relu::Relu;
use crate::ops::relu6::Relu6;
use crate::ops::reshape::Reshape;
use crate::ops::softmax::Softmax;
use crate::ops::{Activation, Op, OutputQuant, Padding, TensorType, operand_tensors};
use crate::tensor::{DType, Quant, Tensor};

/// What a parameter is for, which decides how it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Weights of a convolution or a fully connected layer.
    Filter,
    /// Bias of such a layer.
    Bias,
    /// Scale of a batch normalisation; usually starts at 1.
    Gamma,
    /// Offset of a batch normalisation; usually starts at 0.
    Beta,
    /// Running mean of a batch normalisation; usually starts at 0.
    Mean,
    /// Running variance of a batch normalisation; usually starts at 1.
    Variance,
}

/// A parameter that the initialiser is asked to fill.
#[derive(Debug, Clone, Copy)]
pub struct Parameter<'a> {
    /// Name of the tensor: `conv_2d_0/filter`.
    pub name: &'a str,
    /// What it is for.
    pub role: Role,
    /// Extents: OHWI for CONV_2D, 1HWO for DEPTHWISE_CONV_2D, OI for FULLY_CONNECTED, channels for the rest.
    pub shape: &'a [usize],
    /// Inputs that one output of the layer sums.
    pub fan_in: usize,
    /// Outputs that one input of the layer reaches.
    pub fan_out: usize,
}

impl Parameter<'_> {
    /// Number of values to return.
    pub fn n_elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Size and manner of a convolution; stride and dilation 1, SAME padding, a bias and no activation unless changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv {
    /// Output channels; for a depthwise convolution, output channels for each input channel.
    pub channels: usize,
    /// Height and width of the filter.
    pub kernel: [usize; 2],
    /// Stride along height and width.
    pub stride: [usize; 2],
    /// Dilation along height and width.
    pub dilation: [usize; 2],
    /// Padding.
    pub padding: Padding,
    /// Fused activation.
    pub activation: Activation,
    /// Whether there is a bias.
    pub bias: bool,
}

impl Conv {
    /// A convolution with these output channels (depthwise: this depth multiplier) and this kernel.
    pub fn new(channels: usize, kernel: [usize; 2]) -> Self {
        Conv {
            channels,
            kernel,
            stride: [1, 1],
            dilation: [1, 1],
            padding: Padding::Same,
            activation: Activation::None,
            bias: true,
        }
    }

    /// Sets the stride.
    pub fn stride(mut self, stride: [usize; 2]) -> Self {
        self.stride = stride;
        self
    }

    /// Sets the dilation.
    pub fn dilation(mut self, dilation: [usize; 2]) -> Self {
        self.dilation = dilation;
        self
    }

    /// Pads nothing.
    pub fn valid(mut self) -> Self {
        self.padding = Padding::Valid;
        self
    }

    /// Sets the fused activation.
    pub fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Fuses RELU.
    pub fn relu(self) -> Self {
        self.activation(Activation::Relu)
    }

    /// Leaves the bias out, as before a batch normalisation.
    pub fn no_bias(mut self) -> Self {
        self.bias = false;
        self
    }
}

type Initialiser<'i> = Box<dyn FnMut(&Parameter<'_>) -> Vec<f32> + 'i>;

/// Builds a graph node by node.
///
/// Methods return the tensor of the result. The first mistake is remembered and told by [`Builder::finish`].
pub struct Builder<'i> {
    graph: Graph,
    initialise: Initialiser<'i>,
    error: Option<IrError>,
}

impl fmt::Debug for Builder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("graph", &self.graph)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl<'i> Builder<'i> {
    /// An empty graph. `initialise` returns the values of each parameter of the layers that make their own.
    pub fn new(name: &str, initialise: impl FnMut(&Parameter<'_>) -> Vec<f32> + 'i) -> Self {
        let graph = Graph { name: name.into(), ..Graph::default() };
        Builder { graph, initialise: Box::new(initialise), error: None }
    }

    /// Goes on with a graph, whose outputs are chosen anew. Layers with parameters of their own get `initialise`'s.
    pub fn on(graph: Graph, initialise: impl FnMut(&Parameter<'_>) -> Vec<f32> + 'i) -> Self {
        Builder { graph, initialise: Box::new(initialise), error: None }
    }

    /// A float32 input of the model.
    pub fn input(&mut self, name: &str, shape: &[usize]) -> TensorIdx {
        self.input_tensor(Tensor::activation(name, DType::F32, shape.to_vec()))
    }

    /// An int8 input of the model.
    pub fn input_int8(&mut self, name: &str, shape: &[usize], quant: Quant) -> TensorIdx {
        let tensor = Tensor::activation(name, DType::I8, shape.to_vec());
        self.input_tensor(Tensor { quant: Some(quant), ..tensor })
    }

    /// An input of the model of any type.
    pub fn input_tensor(&mut self, tensor: Tensor) -> TensorIdx {
        let idx = self.graph.add_tensor(tensor);
        self.graph.inputs.push(idx);
        idx
    }

    /// A constant, to be an operand of [`Builder::node`].
    pub fn constant(&mut self, tensor: Tensor) -> TensorIdx {
        self.graph.add_tensor(tensor)
    }

    /// Any operator with one result on any tensors. The result's type follows from the operator; `quant` is its
    /// quantisation.
    ///
    /// Without `quant`, an operator that keeps or fixes its quantisation gets it.
    pub fn node(&mut self, op: Op, inputs: &[Option<TensorIdx>], quant: Option<Quant>) -> TensorIdx {
        let results = self.nodes(op, inputs, &[quant]);
        results.first().copied().unwrap_or(TensorIdx(u32::MAX))
    }

    /// Any operator on any tensors, with the quantisation of each result, as [`Builder::node`].
    pub fn nodes(
        &mut self,
        op: Op,
        inputs: &[Option<TensorIdx>],
        quants: &[Option<Quant>],
    ) -> Vec<TensorIdx> {
        let idx = NodeIdx(self.graph.nodes.len() as u32);
        let node = Node { op, inputs: inputs.to_vec(), outputs: Vec::new() };
        let operands = operand_tensors(&self.graph, &node);
        let types = node.op.infer(&operands).unwrap_or_else(|message| {
            let place = format!("node {} {}", idx.0, node.op.name());
            self.error.get_or_insert(IrError::Node { place, message });
            vec![TensorType { dtype: DType::F32, shape: Vec::new() }]
        });
        let first_quant = operands.first().copied().flatten().and_then(|of| of.quant.clone());
        let mut outputs = Vec::with_capacity(types.len());
        for (at, of) in types.into_iter().enumerate() {
            let name = match at {
                0 => format!("{}_{}", node.op.stem(), idx.0),
                _ => format!("{}_{}:{at}", node.op.stem(), idx.0),
            };
            let mut output = Tensor::activation(name, of.dtype, of.shape);
            let given = quants.get(at).cloned().flatten();
            if output.dtype == DType::I32 {
                output.quant = given;
            } else if output.dtype.is_quantized() {
                output.quant = given.or_else(|| match node.op.output_quant() {
                    OutputQuant::SameAsInput => first_quant.clone(),
                    OutputQuant::Fixed(quant) => Some(quant),
                    OutputQuant::Calibrated | OutputQuant::NotQuantized => None,
                });
            }
            outputs.push(output);
        }
        let outputs: Vec<TensorIdx> =
            outputs.into_iter().map(|output| self.graph.add_tensor(output)).collect();
        self.graph.nodes.push(Node { outputs: outputs.clone(), ..node });
        outputs
    }

    /// A node whose results are tensors of the graph already.
    pub fn push(&mut self, node: Node) {
        self.graph.nodes.push(node);
    }

    /// CONV_2D with its own parameters.
    pub fn conv_2d(&mut self, x: TensorIdx, conv: Conv) -> TensorIdx {
        let Conv { channels, kernel: [k_h, k_w], stride, dilation, padding, activation, bias } = conv;
        let in_c = self.channels(x);
        let op = Op::Conv2d(Conv2d { stride, dilation, padding, activation });
        let (fan_in, fan_out) = (k_h * k_w * in_c, k_h * k_w * channels);
        self.weighted(op, x, &[channels, k_h, k_w, in_c], [fan_in, fan_out], bias.then_some(channels))
    }

    /// DEPTHWISE_CONV_2D with its own parameters; `conv.channels` is the depth multiplier.
    pub fn depthwise_conv_2d(&mut self, x: TensorIdx, conv: Conv) -> TensorIdx {
        let Conv {
            channels: depth_multiplier,
            kernel: [k_h, k_w],
            stride,
            dilation,
            padding,
            activation,
            bias,
        } = conv;
        let out_c = self.channels(x) * depth_multiplier;
        let op =
            Op::DepthwiseConv2d(DepthwiseConv2d { depth_multiplier, stride, dilation, padding, activation });
        let fans = [k_h * k_w, k_h * k_w * depth_multiplier];
        self.weighted(op, x, &[1, k_h, k_w, out_c], fans, bias.then_some(out_c))
    }

    /// FULLY_CONNECTED with its own parameters, a bias and no activation, on the last dimension of `x`.
    pub fn fully_connected(&mut self, x: TensorIdx, outputs: usize) -> TensorIdx {
        let inputs = self.channels(x);
        let op = Op::FullyConnected(FullyConnected::default());
        self.weighted(op, x, &[outputs, inputs], [inputs, outputs], Some(outputs))
    }

    /// BATCH_NORMALIZATION with its own parameters over the last dimension.
    pub fn batch_normalization(&mut self, x: TensorIdx, epsilon: f32) -> TensorIdx {
        let shape = [self.channels(x)];
        let mut inputs = vec![Some(x)];
        let parameters = [
            ("gamma", Role::Gamma),
            ("beta", Role::Beta),
            ("mean", Role::Mean),
            ("variance", Role::Variance),
        ];
        let op = Op::BatchNormalization(BatchNormalization { epsilon });
        for (name, role) in parameters {
            inputs.push(Some(self.parameter(&op, name, role, &shape, [1, 1])));
        }
        self.node(op, &inputs, None)
    }

    /// RELU.
    pub fn relu(&mut self, x: TensorIdx) -> TensorIdx {
        self.node(Op::Relu(Relu), &[Some(x)], None)
    }

    /// RELU6.
    pub fn relu6(&mut self, x: TensorIdx) -> TensorIdx {
        self.node(Op::Relu6(Relu6), &[Some(x)], None)
    }

    /// MAX_POOL_2D without padding.
    pub fn max_pool_2d(&mut self, x: TensorIdx, window: [usize; 2], stride: [usize; 2]) -> TensorIdx {
        let (padding, activation) = (Padding::Valid, Activation::None);
        self.node(Op::MaxPool2d(MaxPool2d { window, stride, padding, activation }), &[Some(x)], None)
    }

    /// AVERAGE_POOL_2D without padding.
    pub fn average_pool_2d(&mut self, x: TensorIdx, window: [usize; 2], stride: [usize; 2]) -> TensorIdx {
        let (padding, activation) = (Padding::Valid, Activation::None);
        self.node(Op::AveragePool2d(AveragePool2d { window, stride, padding, activation }), &[Some(x)], None)
    }

    /// ADD.
    pub fn add(&mut self, a: TensorIdx, b: TensorIdx) -> TensorIdx {
        self.node(Op::Add(Add::default()), &[Some(a), Some(b)], None)
    }

    /// RESHAPE; one extent may be -1.
    pub fn reshape(&mut self, x: TensorIdx, shape: &[i32]) -> TensorIdx {
        self.node(Op::Reshape(Reshape { shape: shape.to_vec() }), &[Some(x)], None)
    }

    /// SOFTMAX with beta 1.
    pub fn softmax(&mut self, x: TensorIdx) -> TensorIdx {
        self.node(Op::Softmax(Softmax { beta: 1.0, wide: false }), &[Some(x)], None)
    }

    /// PAD; elements before and after for each dimension.
    pub fn pad(&mut self, x: TensorIdx, paddings: &[[usize; 2]]) -> TensorIdx {
        self.node(Op::Pad(Pad { paddings: paddings.to_vec() }), &[Some(x)], None)
    }

    /// QUANTIZE.
    pub fn quantize(&mut self, x: TensorIdx, quant: Quant) -> TensorIdx {
        self.node(Op::Quantize(Quantize::default()), &[Some(x)], Some(quant))
    }

    /// DEQUANTIZE.
    pub fn dequantize(&mut self, x: TensorIdx) -> TensorIdx {
        self.node(Op::Dequantize(Dequantize), &[Some(x)], None)
    }

    /// The graph so far, without outputs.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Shape of a tensor of the graph so far.
    pub fn shape(&self, x: TensorIdx) -> &[usize] {
        self.graph.get(x).map_or(&[], |tensor| tensor.shape.as_slice())
    }

    /// The verified graph with these outputs.
    ///
    /// # Errors
    /// The first mistake on the way, or what the verifier finds.
    pub fn finish(mut self, outputs: &[TensorIdx]) -> Result<Graph, IrError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.graph.outputs = outputs.to_vec();
        self.graph.verify().map_err(IrError::Invalid)?;
        Ok(self.graph)
    }

    fn channels(&self, x: TensorIdx) -> usize {
        self.shape(x).last().copied().unwrap_or(1)
    }

    fn weighted(
        &mut self,
        op: Op,
        x: TensorIdx,
        shape: &[usize],
        fans: [usize; 2],
        bias: Option<usize>,
    ) -> TensorIdx {
        let name = op.operand_names().get(1).copied().unwrap_or("filter");
        let filter = self.parameter(&op, name, Role::Filter, shape, fans);
        let bias = bias.map(|channels| self.parameter(&op, "bias", Role::Bias, &[channels], fans));
        self.node(op, &[Some(x), Some(filter), bias], None)
    }

    fn parameter(
        &mut self,
        op: &Op,
        name: &str,
        role: Role,
        shape: &[usize],
        [fan_in, fan_out]: [usize; 2],
    ) -> TensorIdx {
        let name = format!("{}_{}/{name}", op.stem(), self.graph.nodes.len());
        let parameter = Parameter { name: &name, role, shape, fan_in, fan_out };
        let values = (self.initialise)(&parameter);
        self.graph.add_tensor(Tensor::const_f32(name, shape.to_vec(), &values))
    }
}
