//! Graphs of random operators, attributes, shapes and weights that the verifier accepts.

use smidgen_ir::ops::{
    arg_max::ArgMax, average_pool_2d::AveragePool2d, batch_normalization::BatchNormalization,
    conv_2d::Conv2d, depthwise_conv_2d::DepthwiseConv2d, dequantize::Dequantize,
    fully_connected::FullyConnected, max_pool_2d::MaxPool2d, pad::Pad, quantize::Quantize, relu::Relu,
    relu6::Relu6, reshape::Reshape, softmax::Softmax,
};
use smidgen_ir::{
    Activation, DType, Graph, Node, Op, OutputQuant, Padding, Quant, Tensor, TensorIdx, TensorType,
};

use crate::random::Random;

mod elementwise;
mod movers;

/// The graph of `seed`: a chain of two to a dozen operators with branches, sometimes with float32 ends around an int8
/// middle. Everything in it is used, and every operator has a kernel.
pub fn graph(seed: u64) -> Graph {
    generate(seed, false)
}

/// [`graph()`] as training and rewriting leave it: float32 ones have batch normalisations, and some nodes and tensors
/// lead nowhere.
pub fn unfinished_graph(seed: u64) -> Graph {
    generate(seed, true)
}

fn generate(seed: u64, unfinished: bool) -> Graph {
    let mut random = Random(seed);
    let int8 = random.below(2) == 0;
    let float_ends = int8 && random.below(3) == 0;
    let shape = vec![1 + random.below(2), 3 + random.below(5), 3 + random.below(5), 1 + random.below(4)];
    let graph = Graph { name: format!("graph {seed}"), ..Graph::default() };
    let mut chain = Chain { graph, random, int8, unfinished, at: TensorIdx(0) };
    chain.at = if float_ends {
        chain.graph.add_tensor(Tensor::activation("input", DType::F32, shape.clone()))
    } else {
        chain.activation("input", shape.clone())
    };
    chain.graph.inputs = vec![chain.at];
    if float_ends || (int8 && chain.random.below(4) == 0) {
        chain.step(Op::Quantize(Quantize::default()), vec![], shape);
    }
    for _ in 0..1 + chain.random.below(8) {
        chain.image_node();
    }
    chain.tail();
    if float_ends {
        chain.dequantize();
    } else if chain.random.below(6) == 0 {
        let int64 = chain.random.below(2) == 0;
        chain.apply(Op::ArgMax(ArgMax { axis: -1, int64 }), &[chain.at]);
    }
    chain.graph.outputs = vec![chain.at];
    chain.graph
}

struct Chain {
    graph: Graph,
    random: Random,
    int8: bool,
    unfinished: bool,
    at: TensorIdx,
}

/// What a sliding window does to an image.
struct Sliding {
    padding: Padding,
    stride: [usize; 2],
    dilation: [usize; 2],
    output: [usize; 2],
}

impl Chain {
    fn shape(&self) -> Vec<usize> {
        self.graph.tensor(self.at).shape.clone()
    }

    fn dtype(&self) -> DType {
        if self.int8 { DType::I8 } else { DType::F32 }
    }

    /// A scale and zero point that keep every multiplier of the kernels in range.
    fn quant(&mut self) -> Option<Quant> {
        let zero_point = self.random.below(256) as i32 - 128;
        let scale = 0.04 + self.random.below(20) as f32 * 0.001;
        self.int8.then(|| Quant::per_tensor(scale, zero_point))
    }

    fn activation(&mut self, name: &str, shape: Vec<usize>) -> TensorIdx {
        let quant = self.quant();
        let tensor = Tensor { quant, ..Tensor::activation(name, self.dtype(), shape) };
        self.graph.add_tensor(tensor)
    }

    /// Appends a node whose result has its own quantisation.
    fn step(&mut self, op: Op, operands: Vec<TensorIdx>, shape: Vec<usize>) {
        let name = format!("{} {}", op.name(), self.graph.nodes.len());
        let output = self.activation(&name, shape);
        self.push(op, operands, output);
    }

    /// Appends a node whose result has the quantisation of its input.
    fn step_same_quant(&mut self, op: Op, shape: Vec<usize>) {
        let quant = self.graph.tensor(self.at).quant.clone();
        self.step(op, vec![], shape);
        self.graph.tensor_mut(self.at).quant = quant;
    }

    /// Appends a node whose results have the types and the quantisation that the operator gives them; the first result is
    /// what the chain goes on with.
    fn apply(&mut self, op: Op, operands: &[TensorIdx]) -> Vec<TensorIdx> {
        let tensors: Vec<_> = operands.iter().map(|&idx| Some(self.graph.tensor(idx))).collect();
        let kept = tensors.iter().flatten().find_map(|tensor| tensor.quant.clone());
        let types = op.infer(&tensors).unwrap_or_else(|message| panic!("{op:?}: {message}"));
        let mut outputs = Vec::new();
        for (at, TensorType { dtype, shape }) in types.into_iter().enumerate() {
            let quant = match op.output_quant() {
                OutputQuant::Calibrated => self.quant(),
                OutputQuant::SameAsInput => kept.clone(),
                OutputQuant::Fixed(quant) => Some(quant),
                OutputQuant::NotQuantized => None,
            };
            let name = format!("{} {}.{at}", op.name(), self.graph.nodes.len());
            let quant = quant.filter(|_| dtype.is_quantized());
            outputs.push(self.graph.add_tensor(Tensor { quant, ..Tensor::activation(&name, dtype, shape) }));
        }
        let inputs = operands.iter().copied().map(Some).collect();
        self.graph.nodes.push(Node { op, inputs, outputs: outputs.clone() });
        self.at = outputs[0];
        outputs
    }

    fn push(&mut self, op: Op, operands: Vec<TensorIdx>, output: TensorIdx) {
        let inputs = std::iter::once(self.at).chain(operands).map(Some).collect();
        self.graph.nodes.push(Node { op, inputs, outputs: vec![output] });
        self.at = output;
    }

    /// Weights, per channel along `axis` or per tensor, and sometimes a bias.
    fn weights(&mut self, shape: Vec<usize>, axis: usize) -> Vec<TensorIdx> {
        let (n, out_c) = (shape.iter().product(), shape[axis]);
        let with_bias = self.random.below(3) > 0;
        let (filter, bias) = if self.int8 {
            self.int8_weights(shape, n, axis)
        } else {
            let mut values =
                |n| (0..n).map(|_| self.random.below(2001) as f32 * 1e-3 - 1.0).collect::<Vec<_>>();
            (
                Tensor::const_f32("filter", shape, &values(n)),
                Tensor::const_f32("bias", vec![out_c], &values(out_c)),
            )
        };
        let mut operands = vec![self.graph.add_tensor(filter)];
        if with_bias {
            operands.push(self.graph.add_tensor(bias));
        }
        operands
    }

    fn int8_weights(&mut self, shape: Vec<usize>, n: usize, axis: usize) -> (Tensor, Tensor) {
        let out_c = shape[axis];
        let values: Vec<i8> = (0..n).map(|_| (self.random.below(255) as i32 - 127) as i8).collect();
        let n_scales = if self.random.below(3) > 0 { out_c } else { 1 };
        let scales: Vec<f32> = (0..n_scales).map(|_| 0.001 + self.random.below(9) as f32 * 0.001).collect();
        let input_scale = self.graph.tensor(self.at).quant.as_ref().map_or(1.0, |quant| quant.scales[0]);
        let quant = |scales: Vec<f32>, axis| match scales.len() {
            1 => Quant::per_tensor(scales[0], 0),
            _ => Quant::per_channel(scales, axis),
        };
        let bias_quant = quant(scales.iter().map(|scale| scale * input_scale).collect(), 0);
        let bias: Vec<i32> = (0..out_c).map(|_| self.random.below(2001) as i32 - 1000).collect();
        (
            Tensor::const_i8("filter", shape, &values, quant(scales, axis)),
            Tensor::const_i32("bias", vec![out_c], &bias, Some(bias_quant)),
        )
    }

    fn fused(&mut self) -> Activation {
        let fused = [Activation::Relu, Activation::Relu6, Activation::ReluN1To1];
        if self.random.below(2) == 0 { Activation::None } else { self.random.pick(&fused) }
    }

    /// One operator on NHWC images.
    fn image_node(&mut self) {
        let [n, h, w, c] = <[usize; 4]>::try_from(self.shape()).expect("images have four dimensions");
        if self.unfinished && self.random.below(4) == 0 {
            self.dead_end();
        }
        match self.random.below(15) {
            0 => self.conv([n, h, w, c]),
            1 => self.depthwise([n, h, w, c]),
            2 => self.pool([n, h, w, c], true),
            3 => self.pool([n, h, w, c], false),
            4 => {
                let paddings: Vec<[usize; 2]> =
                    (0..4).map(|_| [self.random.below(3), self.random.below(3)]).collect();
                let shape =
                    self.shape().iter().zip(&paddings).map(|(extent, [a, b])| extent + a + b).collect();
                self.step_same_quant(Op::Pad(Pad { paddings }), shape);
            }
            5 | 6 => self.relu(),
            7 | 8 => {
                let shape = self.shape();
                self.step_same_quant(Op::Relu6(Relu6), shape);
            }
            9 | 10 => self.function(),
            11 | 12 => self.two_operands(),
            _ => self.mover(),
        }
    }

    /// RELU, with or without rescaling.
    fn relu(&mut self) {
        let shape = self.shape();
        match self.random.below(2) {
            0 => self.step(Op::Relu(Relu), vec![], shape),
            _ => self.step_same_quant(Op::Relu(Relu), shape),
        }
    }

    /// A node whose result nobody reads, and a tensor that nobody names.
    fn dead_end(&mut self) {
        let at = self.at;
        self.relu();
        self.at = at;
        self.graph.add_tensor(Tensor::const_f32("unused", vec![2], &[1.0, 2.0]));
    }

    /// BATCH_NORMALIZATION after a layer, in graphs that may have it.
    fn normalise(&mut self) {
        if self.int8 || !self.unfinished || self.random.below(2) == 0 {
            return;
        }
        let shape = self.shape();
        let channels = shape[shape.len() - 1];
        let operands = ["gamma", "beta", "mean", "variance"].map(|name| {
            let values: Vec<f32> =
                (0..channels).map(|_| 0.5 + self.random.below(1001) as f32 * 1e-3).collect();
            self.graph.add_tensor(Tensor::const_f32(name, vec![channels], &values))
        });
        let op = Op::BatchNormalization(BatchNormalization { epsilon: 1e-3 });
        self.step(op, operands.to_vec(), shape);
    }

    fn sliding(&mut self, input: [usize; 2], window: [usize; 2], dilate: bool) -> Sliding {
        let stride = [1 + self.random.below(3), 1 + self.random.below(3)];
        let mut dilation = if dilate { [1 + self.random.below(2), 1 + self.random.below(2)] } else { [1, 1] };
        let mut padding = self.random.pick(&[Padding::Same, Padding::Valid]);
        let reach = |axis: usize, dilation: [usize; 2]| (window[axis] - 1) * dilation[axis] + 1;
        if (0..2).any(|axis| reach(axis, dilation) > input[axis]) {
            (padding, dilation) = (Padding::Same, [1, 1]);
        }
        let output = [0, 1].map(|axis| match padding {
            Padding::Same => input[axis].div_ceil(stride[axis]),
            Padding::Valid => (input[axis] - reach(axis, dilation)) / stride[axis] + 1,
        });
        Sliding { padding, stride, dilation, output }
    }

    fn conv(&mut self, [n, h, w, c]: [usize; 4]) {
        let groups = if c % 2 == 0 && self.random.below(3) == 0 { 2 } else { 1 };
        let out_c = groups * (1 + self.random.below(3));
        let window = [1 + self.random.below(3), 1 + self.random.below(3)];
        let Sliding { padding, stride, dilation, output: [out_h, out_w] } =
            self.sliding([h, w], window, true);
        let operands = self.weights(vec![out_c, window[0], window[1], c / groups], 0);
        let op = Conv2d { stride, dilation, padding, activation: self.fused() };
        self.step(Op::Conv2d(op), operands, vec![n, out_h, out_w, out_c]);
        self.normalise();
    }

    fn depthwise(&mut self, [n, h, w, c]: [usize; 4]) {
        let depth_multiplier = 1 + self.random.below(2);
        let out_c = c * depth_multiplier;
        let window = [1 + self.random.below(3), 1 + self.random.below(3)];
        let Sliding { padding, stride, dilation, output: [out_h, out_w] } =
            self.sliding([h, w], window, true);
        let operands = self.weights(vec![1, window[0], window[1], out_c], 3);
        let op = DepthwiseConv2d { depth_multiplier, stride, dilation, padding, activation: self.fused() };
        self.step(Op::DepthwiseConv2d(op), operands, vec![n, out_h, out_w, out_c]);
        self.normalise();
    }

    fn pool(&mut self, [n, h, w, c]: [usize; 4], max: bool) {
        let window = [1 + self.random.below(2), 1 + self.random.below(2)];
        let Sliding { padding, stride, output: [out_h, out_w], .. } = self.sliding([h, w], window, false);
        let activation = self.fused();
        let op = if max {
            Op::MaxPool2d(MaxPool2d { window, stride, padding, activation })
        } else {
            Op::AveragePool2d(AveragePool2d { window, stride, padding, activation })
        };
        self.step_same_quant(op, vec![n, out_h, out_w, c]);
    }

    /// RESHAPE to rows, FULLY_CONNECTED and SOFTMAX, or a part of that.
    fn tail(&mut self) {
        let batch = self.shape()[0];
        let depth = self.shape().iter().product::<usize>() / batch;
        let shape = self.random.pick(&[vec![batch as i32, -1], vec![batch as i32, depth as i32]]);
        self.step_same_quant(Op::Reshape(Reshape { shape }), vec![batch, depth]);
        if self.random.below(4) > 0 {
            let out_c = 1 + self.random.below(5);
            let operands = self.weights(vec![out_c, depth], 0);
            let op = FullyConnected { activation: self.fused(), keep_num_dims: self.random.below(2) == 0 };
            self.step(Op::FullyConnected(op), operands, vec![batch, out_c]);
            self.normalise();
        }
        if self.random.below(2) == 0 {
            let beta = self.random.pick(&[1.0, 0.5]);
            let shape = self.shape();
            self.step(Op::Softmax(Softmax { beta, wide: false }), vec![], shape);
            let quant = self.int8.then(|| Quant::per_tensor(1.0 / 256.0, -128));
            self.graph.tensor_mut(self.at).quant = quant;
        }
    }

    fn dequantize(&mut self) {
        let output = self.graph.add_tensor(Tensor::activation("output", DType::F32, self.shape()));
        self.push(Op::Dequantize(Dequantize), vec![], output);
    }
}
