//! Random small graphs, the same for the same numbers, and what tests compare them with.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "a graph that the generator gets wrong fails the test")]

use proptest::prelude::*;
use smidgen_ir::build::{Builder, Conv, Parameter, Role};
use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::conv_2d::Conv2d;
use smidgen_ir::ops::depthwise_conv_2d::DepthwiseConv2d;
use smidgen_ir::ops::fully_connected::FullyConnected;
use smidgen_ir::ops::relu::Relu;
use smidgen_ir::passes::dead_code;
use smidgen_ir::{Activation, Graph, Interpreter, IrError, Op, Padding, Quant, Tensor, TensorIdx};

/// What a random graph is made from: a layer kind and two numbers that size it, and the seed of all values.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) layers: Vec<(u8, u8, u8)>,
    pub(crate) seed: u64,
}

pub(crate) fn recipes() -> impl Strategy<Value = Recipe> {
    (prop::collection::vec((0..9u8, any::<u8>(), any::<u8>()), 0..6), any::<u64>())
        .prop_map(|(layers, seed)| Recipe { layers, seed })
}

/// A small generator of numbers (Knuth's MMIX constants).
#[derive(Debug, Clone)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A number in [low, high).
    pub(crate) fn real(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.below(1 << 16) as f32 / 65536.0
    }

    pub(crate) fn int8s(&mut self, n: usize) -> Vec<i8> {
        (0..n).map(|_| (self.below(256) as i16 - 128) as i8).collect()
    }

    pub(crate) fn quant(&mut self) -> Quant {
        Quant::per_tensor(self.real(0.02, 0.2), self.below(256) as i32 - 128)
    }
}

/// How a float graph normalises: as the operator, or as the depthwise convolution that means the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Normalize {
    Operator,
    Depthwise,
}

const EPSILON: f32 = 1e-3;

/// A float network: convolutions with and without normalisation, activations, pools, sums, a classifier.
pub(crate) fn float_graph(recipe: &Recipe, normalize: Normalize) -> Graph {
    let mut numbers = Numbers(recipe.seed);
    let [height, width, channels] = [3 + numbers.below(5), 3 + numbers.below(5), 1 + numbers.below(3)];
    let mut values = Numbers(recipe.seed ^ 0xabc);
    let mut net = Builder::new("random", |parameter: &Parameter<'_>| {
        let range = match parameter.role {
            Role::Variance => 0.5..2.0,
            Role::Gamma => 0.5..1.5,
            _ => -0.5..0.5,
        };
        (0..parameter.n_elements()).map(|_| values.real(range.start, range.end)).collect()
    });
    let mut x = net.input("x", &[1, height as usize, width as usize, channels as usize]);
    for &(kind, a, b) in &recipe.layers {
        x = float_layer(&mut net, x, kind, a, b, normalize);
    }
    let before = x;
    x = net.reshape(x, &[1, -1]);
    x = net.fully_connected(x, 4);
    x = normalized(&mut net, x, normalize);
    x = net.relu(x);
    // The unused layer is for dead_code.
    net.relu(before);
    let y = net.softmax(x);
    let graph = net.finish(&[y, x]).unwrap();
    if normalize == Normalize::Operator { graph } else { dead_code(&graph).unwrap() }
}

fn conv(a: u8, b: u8) -> Conv {
    let padding = if b & 1 == 0 { Padding::Same } else { Padding::Valid };
    let activation =
        [Activation::None, Activation::None, Activation::Relu, Activation::Relu6][usize::from(b >> 6)];
    let conv = Conv::new(1 + usize::from(a % 3), [1 + usize::from(a >> 6) % 2, 1 + usize::from(b >> 1) % 2]);
    let conv = conv.stride([1 + usize::from(b >> 3) % 2, 1]).dilation([1, 1 + usize::from(b >> 4) % 2]);
    let conv = if b & 32 == 0 { conv } else { conv.no_bias() };
    Conv { padding, activation, ..conv }
}

fn fits(shape: &[usize]) -> bool {
    shape[1] >= 3 && shape[2] >= 3
}

fn float_layer(
    net: &mut Builder<'_>,
    x: TensorIdx,
    kind: u8,
    a: u8,
    b: u8,
    normalize: Normalize,
) -> TensorIdx {
    let fits = fits(net.shape(x));
    match kind {
        0 | 1 if fits => {
            if kind == 1 {
                return net.conv_2d(x, conv(a, b));
            }
            let y = net.conv_2d(x, conv(a, b).activation(Activation::None));
            normalized(net, y, normalize)
        }
        2 | 3 if fits => {
            if kind == 3 {
                return net.depthwise_conv_2d(x, conv(a, b));
            }
            let y = net.depthwise_conv_2d(x, conv(a, b).activation(Activation::None));
            normalized(net, y, normalize)
        }
        4 if fits => net.max_pool_2d(x, [2, 2], [1, 2]),
        5 if fits => net.average_pool_2d(x, [2, 1], [1, 1]),
        6 => net.pad(x, &[[0, 0], [1, usize::from(a % 2)], [0, 2], [0, 0]]),
        7 => {
            let y = net.relu(x);
            if a & 1 == 0 { y } else { net.add(x, y) }
        }
        _ => net.relu6(x),
    }
}

fn normalized(net: &mut Builder<'_>, x: TensorIdx, normalize: Normalize) -> TensorIdx {
    // The operator is built in either case, so that both graphs draw the same parameters; unread, it is removed later.
    let y = net.batch_normalization(x, EPSILON);
    if normalize == Normalize::Operator {
        return y;
    }
    let operands = &net.graph().nodes.last().unwrap().inputs;
    let [gamma, beta, mean, variance] =
        [1, 2, 3, 4].map(|at| net.graph().tensor(operands[at].unwrap()).f32s().unwrap());
    let channels = gamma.len();
    let factors: Vec<f32> = gamma.iter().zip(&variance).map(|(g, v)| g / (v + EPSILON).sqrt()).collect();
    let bias: Vec<f32> = (0..channels).map(|at| beta[at] - mean[at] * factors[at]).collect();
    let filter = net.constant(Tensor::const_f32("factors", vec![1, 1, 1, channels], &factors));
    let bias = net.constant(Tensor::const_f32("offsets", vec![channels], &bias));
    let shape: Vec<i32> = net.shape(x).iter().map(|&extent| extent as i32).collect();
    let image = if shape.len() == 4 { x } else { net.reshape(x, &[1, 1, -1, channels as i32]) };
    let y = net.node(Op::DepthwiseConv2d(pointwise()), &[Some(image), Some(filter), Some(bias)], None);
    if shape.len() == 4 { y } else { net.reshape(y, &shape) }
}

fn pointwise() -> DepthwiseConv2d {
    DepthwiseConv2d {
        depth_multiplier: 1,
        stride: [1, 1],
        dilation: [1, 1],
        padding: Padding::Valid,
        activation: Activation::None,
    }
}

/// An int8 network over the same kinds of layers; activations keep their scale, or rescale, by turns.
pub(crate) fn int8_graph(recipe: &Recipe) -> Graph {
    let mut numbers = Numbers(recipe.seed);
    let shape =
        [1, 3 + numbers.below(5) as usize, 3 + numbers.below(5) as usize, 1 + numbers.below(3) as usize];
    let mut net = Builder::new("random int8", |_| Vec::new());
    let mut x = net.input_int8("x", &shape, numbers.quant());
    for &(kind, a, b) in &recipe.layers {
        x = int8_layer(&mut net, &mut numbers, x, kind, a, b);
    }
    let before = x;
    x = net.reshape(x, &[1, -1]);
    x = int8_fully_connected(&mut net, &mut numbers, x, 4);
    x = relu(&mut net, &mut numbers, x, true);
    net.relu6(before);
    let y = net.softmax(x);
    let z = net.dequantize(x);
    net.finish(&[y, x, z]).unwrap()
}

fn int8_layer(
    net: &mut Builder<'_>,
    numbers: &mut Numbers,
    x: TensorIdx,
    kind: u8,
    a: u8,
    b: u8,
) -> TensorIdx {
    let shape = net.shape(x).to_vec();
    let fits = fits(&shape);
    let Conv { channels, kernel: [k_h, k_w], stride, dilation, padding, activation: fused, bias } =
        conv(a, b);
    match kind {
        0 | 1 if fits => {
            let op = Op::Conv2d(Conv2d { stride, dilation, padding, activation: fused });
            int8_weighted(net, numbers, x, op, &[channels, k_h, k_w, shape[3]], channels, (0, bias))
        }
        2 | 3 if fits => {
            let depth_multiplier = channels;
            let op = DepthwiseConv2d { depth_multiplier, stride, dilation, padding, activation: fused };
            let out_c = shape[3] * depth_multiplier;
            int8_weighted(net, numbers, x, Op::DepthwiseConv2d(op), &[1, k_h, k_w, out_c], out_c, (3, bias))
        }
        4 if fits => net.max_pool_2d(x, [2, 2], [1, 2]),
        5 if fits => net.average_pool_2d(x, [2, 1], [1, 1]),
        6 => net.pad(x, &[[0, 0], [1, usize::from(a % 2)], [0, 2], [0, 0]]),
        7 => {
            let y = relu(net, numbers, x, a & 2 == 0);
            if a & 1 == 0 {
                return y;
            }
            let quant = numbers.quant();
            net.node(Op::Add(Add::default()), &[Some(x), Some(y)], Some(quant))
        }
        _ if a & 4 == 0 => {
            let quant = numbers.quant();
            net.quantize(x, quant)
        }
        _ => net.relu6(x),
    }
}

fn relu(net: &mut Builder<'_>, numbers: &mut Numbers, x: TensorIdx, keep: bool) -> TensorIdx {
    let quant = if keep { quant_of(net, x) } else { Some(numbers.quant()) };
    net.node(Op::Relu(Relu), &[Some(x)], quant)
}

fn quant_of(net: &Builder<'_>, x: TensorIdx) -> Option<Quant> {
    net.graph().tensor(x).quant.clone()
}

fn int8_fully_connected(
    net: &mut Builder<'_>,
    numbers: &mut Numbers,
    x: TensorIdx,
    outputs: usize,
) -> TensorIdx {
    let inputs = net.shape(x).last().copied().unwrap();
    let op = Op::FullyConnected(FullyConnected::default());
    int8_weighted(net, numbers, x, op, &[outputs, inputs], outputs, (0, true))
}

fn int8_weighted(
    net: &mut Builder<'_>,
    numbers: &mut Numbers,
    x: TensorIdx,
    op: Op,
    shape: &[usize],
    out_c: usize,
    (axis, has_bias): (usize, bool),
) -> TensorIdx {
    let n_scales = if numbers.below(2) == 0 { 1 } else { out_c };
    let scales: Vec<f32> = (0..n_scales).map(|_| numbers.real(0.005, 0.02)).collect();
    let input_scale = quant_of(net, x).unwrap().scales[0];
    let bias_scales = scales.iter().map(|scale| scale * input_scale).collect();
    let values = numbers.int8s(shape.iter().product());
    let filter = Tensor::const_i8("filter", shape.to_vec(), &values, Quant::per_channel(scales, axis));
    let filter = net.constant(filter);
    let bias: Vec<i32> = (0..out_c).map(|_| numbers.below(2000) as i32 - 1000).collect();
    let bias = Tensor::const_i32("bias", vec![out_c], &bias, Some(Quant::per_channel(bias_scales, 0)));
    let bias = has_bias.then(|| net.constant(bias));
    let quant = numbers.quant();
    net.node(op, &[Some(x), Some(filter), bias], Some(quant))
}

/// The outputs of a graph on inputs drawn from `seed`.
pub(crate) fn run(graph: &Graph, seed: u64) -> Result<Vec<u8>, IrError> {
    Interpreter::new(graph)?.run(&inputs(graph, seed))
}

/// Bytes of one inference: int8 over the whole range, float32 in [-2, 2).
pub(crate) fn inputs(graph: &Graph, seed: u64) -> Vec<u8> {
    let mut numbers = Numbers(seed ^ 0x1234);
    let mut bytes = Vec::new();
    for tensor in graph.inputs.iter().map(|&idx| graph.tensor(idx)) {
        for _ in 0..tensor.n_elements() {
            match tensor.dtype.n_bytes(1) {
                1 => bytes.push(numbers.below(256) as u8),
                _ => bytes.extend(numbers.real(-2.0, 2.0).to_le_bytes()),
            }
        }
    }
    bytes
}

pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|word| f32::from_le_bytes(word.try_into().unwrap())).collect()
}
