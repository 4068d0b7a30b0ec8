//! Every operator against the interpreter's kernels (forward) and against central differences (backward).

use rand_pcg::Pcg64;
use smidgen_ir::build::{Builder, Conv};
use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::average_pool_2d::AveragePool2d;
use smidgen_ir::ops::conv_2d::Conv2d;
use smidgen_ir::ops::fully_connected::FullyConnected;
use smidgen_ir::ops::max_pool_2d::MaxPool2d;
use smidgen_ir::ops::softmax::Softmax;
use smidgen_ir::{Activation, DType, Graph, Interpreter, NodeIdx, Op, Padding, Tensor, TensorIdx};

use super::batch_normalization::{Statistics, Sums};
use super::*;
use crate::parameters::Parameters;
use crate::random::{Purpose, signed_unit, stream};

/// Examples in a batch.
const N: usize = 3;
/// Steps of the differences.
const STEPS: [f32; 2] = [1.0 / 64.0, 1.0 / 512.0];

/// One operator with everything that its forward and backward pass need.
struct Case {
    layer: Layer,
    params: Vec<f32>,
    /// Operands, `N` examples each; empty where they are no activations.
    x: Vec<Vec<f32>>,
    n_out: usize,
    /// The function that is differentiated is the sum of the results times these.
    weights: Vec<f32>,
}

fn values(random: &mut Pcg64, n: usize) -> Vec<f32> {
    (0..n).map(|_| signed_unit(random)).collect()
}

fn small(seed: u64) -> Builder<'static> {
    let mut random = stream(seed, Purpose::Weights, 0);
    Builder::new("case", move |parameter| values(&mut random, parameter.n_elements()))
}

/// Without quantisation.
fn common(norms: &[Statistics]) -> Common<'_> {
    static FLOAT: Arithmetic = Arithmetic::FLOAT;
    Common { norms, arithmetic: &FLOAT }
}

impl Case {
    /// The case of the last node of a graph, whose operands are the graph's inputs or constants.
    fn new(graph: &Graph) -> Self {
        let live = vec![true; graph.nodes.len()];
        let parameters = Parameters::of(graph, &live, 0).unwrap();
        let node = &graph.nodes[0];
        let operands = Operands::new(graph, (NodeIdx(0), 0), &parameters, 0).unwrap();
        let layer = Layer::compile(&node.op, &operands).unwrap();
        let mut random = stream(7, Purpose::Order, 0);
        let (params, _) = parameters.load(graph);
        let mut operand = |input: &Option<TensorIdx>| {
            let input = input.filter(|input| graph.inputs.contains(input));
            input.map_or_else(Vec::new, |input| values(&mut random, N * graph.tensor(input).n_elements()))
        };
        let x = node.inputs.iter().map(&mut operand).collect();
        let n_out = graph.tensor(graph.outputs[0]).n_elements();
        Case { layer, params, x, n_out, weights: values(&mut random, N * n_out) }
    }

    fn operands(&self) -> Vec<&[f32]> {
        self.x.iter().map(Vec::as_slice).collect()
    }

    /// The result and, for a batch normalisation, the statistics of the batch, cut into two lanes.
    fn forward(&self) -> (Vec<f32>, Vec<Statistics>) {
        let mut norms = Vec::new();
        if let Layer::BatchNormalization(layer) = &self.layer {
            let mut lanes = [Sums::default(), Sums::default()];
            let (first, second) = self.x[0].split_at(self.x[0].len() / N);
            layer.measure(first, &mut lanes[0]);
            layer.measure(second, &mut lanes[1]);
            norms.push(Statistics::new(layer.channels));
            layer.join_measures(lanes.iter(), &self.params, &mut vec![0.0; 1000], 0.5, &mut norms[0]);
        }
        let mut y = vec![f32::NAN; N * self.n_out];
        self.layer.forward(&self.params, &self.operands(), &mut y, N, common(&norms), &mut Vec::new());
        (y, norms)
    }

    fn objective(&self) -> f64 {
        self.forward().0.iter().zip(&self.weights).map(|(y, w)| f64::from(*y) * f64::from(*w)).sum()
    }

    /// Gradients of the objective: of the parameters and of each operand.
    fn gradients(&self) -> (Vec<f32>, Vec<Vec<f32>>) {
        let (y, mut norms) = self.forward();
        let (mut dy, mut scratch) = (self.weights.clone(), Vec::new());
        let mut dparams = vec![0.0; self.params.len()];
        self.layer.unclamp(&y, &mut dy);
        if let Layer::BatchNormalization(layer) = &self.layer {
            let mut lanes = [Sums::default(), Sums::default()];
            let (x, half) = (&self.x[0], self.x[0].len() / N);
            layer.sums(&x[..half], &dy[..half], &norms, &mut dparams, &mut lanes[0]);
            layer.sums(&x[half..], &dy[half..], &norms, &mut dparams, &mut lanes[1]);
            layer.join_sums(lanes.iter(), &mut norms[0]);
        }
        let x = self.operands();
        let seen = Seen { params: &self.params, x: &x, y: &y, dy: &dy };
        self.layer.add_parameter_gradients(seen, &mut dparams, N, &mut scratch);
        let gradient = |operand: usize, scratch: &mut Vec<f32>| {
            let mut dx = vec![f32::NAN; self.x[operand].len()];
            if !dx.is_empty() {
                self.layer.input_gradient(seen, operand, &mut dx, N, common(&norms), scratch);
            }
            dx
        };
        let dx = (0..self.x.len()).map(|operand| gradient(operand, &mut scratch)).collect();
        (dparams, dx)
    }

    /// Checks `gradient` against differences of the objective in the values that `of` picks. Where a rectifier's corner
    /// or another winner of a maximum lies within the step, a smaller step is tried.
    fn check(&mut self, name: &str, gradient: &[f32], of: impl Fn(&mut Case) -> &mut Vec<f32>) {
        let middle = self.objective();
        let mut n_corners = 0;
        for (at, &found) in gradient.iter().enumerate() {
            let value = of(self)[at];
            let mut slopes = |step: f32| {
                let mut moved = |by: f32| {
                    of(self)[at] = value + by;
                    let moved = self.objective();
                    of(self)[at] = value;
                    (moved - middle) / f64::from(by)
                };
                (moved(step), moved(-step))
            };
            let near = |a: f64, b: f64| (a - b).abs() <= 4e-3 + 2e-2 * a.abs().max(b.abs());
            let smooth = STEPS.map(&mut slopes).into_iter().find(|&(right, left)| near(right, left));
            match smooth {
                Some((right, left)) => {
                    let expected = (right + left) / 2.0;
                    assert!(
                        near(found.into(), expected),
                        "{name}[{at}]: {found}, differences give {expected}"
                    );
                }
                None => n_corners += 1,
            }
        }
        assert!(
            n_corners <= gradient.len() / 10,
            "{name}: {n_corners} corners in {} elements",
            gradient.len()
        );
    }
}

/// Checks the first node of a graph.
fn check(name: &str, graph: &Graph) {
    let mut case = Case::new(graph);
    if !matches!(case.layer, Layer::BatchNormalization(_)) {
        check_forward(name, graph, &case);
    }
    let (dparams, dx) = case.gradients();
    case.check(&format!("{name} params"), &dparams, |case| &mut case.params);
    for (operand, dx) in dx.iter().enumerate() {
        case.check(&format!("{name} input {operand}"), dx, |case| &mut case.x[operand]);
    }
}

/// Checks the result of each example against the interpreter's.
fn check_forward(name: &str, graph: &Graph, case: &Case) {
    let (y, _) = case.forward();
    let mut interpreter = Interpreter::new(graph).unwrap();
    for example in 0..N {
        let of = |x: &Vec<f32>| {
            let len = x.len() / N;
            x[example * len..(example + 1) * len].iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()
        };
        let inputs: Vec<u8> = case.x.iter().flat_map(of).collect();
        let expected = interpreter.run(&inputs).unwrap();
        let expected = expected.chunks_exact(4).map(|word| f32::from_le_bytes(word.try_into().unwrap()));
        for (at, (found, expected)) in y[example * case.n_out..].iter().zip(expected).enumerate() {
            let near = (found - expected).abs() <= 1e-5 * (1.0 + expected.abs());
            assert!(near, "{name}, example {example}[{at}]: {found}, the interpreter gives {expected}");
        }
    }
}

/// A graph of one node on inputs of the given shapes.
fn node(op: Op, shapes: &[&[usize]], constants: &[Tensor]) -> Graph {
    let mut net = small(1);
    let mut operands: Vec<_> = shapes.iter().map(|shape| Some(net.input("x", shape))).collect();
    operands.extend(constants.iter().map(|constant| Some(net.constant(constant.clone()))));
    let y = net.node(op, &operands, None);
    net.finish(&[y]).unwrap()
}

fn convolution(shape: &[usize], conv: Conv) -> Graph {
    let mut net = small(2);
    let x = net.input("x", shape);
    let y = net.conv_2d(x, conv);
    net.finish(&[y]).unwrap()
}

fn depthwise(shape: &[usize], conv: Conv) -> Graph {
    let mut net = small(3);
    let x = net.input("x", shape);
    let y = net.depthwise_conv_2d(x, conv);
    net.finish(&[y]).unwrap()
}

fn constant(seed: u64, shape: &[usize]) -> Tensor {
    let values = values(&mut stream(seed, Purpose::Weights, 9), shape.iter().product());
    Tensor::const_f32("constant", shape.to_vec(), &values)
}

#[test]
fn conv_2d() {
    check("same, stride 2", &convolution(&[1, 5, 6, 3], Conv::new(5, [3, 3]).stride([2, 2])));
    check("valid, relu", &convolution(&[1, 6, 4, 2], Conv::new(4, [3, 2]).valid().relu()));
    check("dilated", &convolution(&[1, 7, 5, 2], Conv::new(3, [3, 2]).dilation([2, 3])));
    check("pointwise", &convolution(&[1, 3, 4, 6], Conv::new(5, [1, 1]).activation(Activation::Relu6)));
    check("strided point", &convolution(&[1, 5, 4, 3], Conv::new(2, [1, 1]).stride([2, 3]).no_bias()));
    check("two images", &convolution(&[2, 3, 3, 2], Conv::new(3, [2, 2])));
    check("two rows of tiles", &convolution(&[2, 5, 9, 2], Conv::new(35, [3, 3])));
    check("many channels", &convolution(&[1, 4, 6, 18], Conv::new(3, [3, 3])));
    check("stride beyond the kernel", &convolution(&[1, 9, 11, 2], Conv::new(20, [1, 2]).stride([3, 3])));
    check("wide, stride 2, valid", &convolution(&[1, 7, 12, 3], Conv::new(4, [5, 4]).valid().stride([2, 2])));
    check("a sequence", &convolution(&[1, 14, 1, 3], Conv::new(17, [5, 1]).stride([2, 1])));
    check("kernel above the input", &convolution(&[1, 3, 5, 2], Conv::new(2, [7, 9])));
    let op = Conv2d {
        stride: [1, 2],
        dilation: [1, 1],
        padding: Padding::Same,
        activation: Activation::ReluN1To1,
    };
    let constants = [constant(4, &[6, 3, 2, 2]), constant(5, &[6])];
    check("grouped", &node(Op::Conv2d(op), &[&[1, 4, 5, 4]], &constants));
}

#[test]
fn depthwise_conv_2d() {
    check("three by three", &depthwise(&[1, 4, 5, 13], Conv::new(1, [3, 3])));
    check("stride 2, relu", &depthwise(&[1, 6, 5, 4], Conv::new(1, [3, 2]).stride([2, 2]).relu()));
    check("multiplied, dilated", &depthwise(&[1, 6, 5, 3], Conv::new(2, [2, 3]).dilation([2, 1]).valid()));
    check("no bias", &depthwise(&[2, 3, 3, 2], Conv::new(3, [2, 2]).no_bias().activation(Activation::Relu6)));
    check("wide", &depthwise(&[1, 2, 2, 109], Conv::new(1, [2, 1])));
}

#[test]
fn fully_connected() {
    let constants = [constant(1, &[4, 6]), constant(2, &[4])];
    let op = |activation, keep_num_dims| Op::FullyConnected(FullyConnected { activation, keep_num_dims });
    check("plain", &node(op(Activation::None, false), &[&[1, 6]], &constants));
    check("flattening, no bias", &node(op(Activation::Relu, false), &[&[1, 2, 6]], &constants[..1]));
    check("keeping dimensions", &node(op(Activation::ReluN1To1, true), &[&[1, 3, 6]], &constants));
}

#[test]
fn max_pool_2d() {
    let op = |window, stride, padding, activation| {
        Op::MaxPool2d(MaxPool2d { window, stride, padding, activation })
    };
    check("apart", &node(op([2, 2], [2, 2], Padding::Valid, Activation::None), &[&[1, 4, 5, 5]], &[]));
    check("overlapping", &node(op([3, 2], [1, 1], Padding::Same, Activation::Relu), &[&[1, 3, 4, 3]], &[]));
}

#[test]
fn average_pool_2d() {
    let op = |window, stride, padding, activation| {
        Op::AveragePool2d(AveragePool2d { window, stride, padding, activation })
    };
    check("whole", &node(op([4, 5], [4, 5], Padding::Valid, Activation::None), &[&[1, 4, 5, 5]], &[]));
    check("overlapping", &node(op([3, 2], [2, 1], Padding::Same, Activation::Relu), &[&[1, 5, 4, 3]], &[]));
}

#[test]
fn add() {
    let op = |activation| Op::Add(Add { activation });
    check("alike", &node(op(Activation::Relu), &[&[1, 2, 3, 4], &[1, 2, 3, 4]], &[]));
    check("spread channels", &node(op(Activation::None), &[&[1, 2, 3, 4], &[1, 1, 1, 4]], &[]));
    check("spread both", &node(op(Activation::Relu6), &[&[1, 1, 3, 1], &[1, 2, 1, 4]], &[]));
    check("constant", &node(op(Activation::None), &[&[1, 2, 3]], &[constant(1, &[3])]));
}

#[test]
fn batch_normalization() {
    let mut net = small(4);
    let x = net.input("x", &[1, 3, 4, 5]);
    let y = net.batch_normalization(x, 1e-3);
    let graph = net.finish(&[y]).unwrap();
    check("plain", &graph);
    let mut case = Case::new(&graph);
    *case.layer.clamp_mut().unwrap() = Clamp::RELU6;
    let (dparams, dx) = case.gradients();
    case.check("rectified params", &dparams, |case| &mut case.params);
    case.check("rectified input", &dx[0], |case| &mut case.x[0]);
}

#[test]
fn batch_statistics_keep_their_digits_far_from_nought() {
    let mut net = small(4);
    let x = net.input("x", &[1, 500, 1]);
    let y = net.batch_normalization(x, 1e-6);
    let mut case = Case::new(&net.finish(&[y]).unwrap());
    case.params.copy_from_slice(&[1.0, 0.0]);
    case.x[0].iter_mut().for_each(|x| *x += 1000.0);
    let (y, _) = case.forward();
    let mean = y.iter().sum::<f32>() / y.len() as f32;
    let variance = y.iter().map(|y| (y - mean) * (y - mean)).sum::<f32>() / y.len() as f32;
    assert!(mean.abs() < 1e-2 && (variance - 1.0).abs() < 1e-2, "{mean} {variance}");
}

#[test]
fn relu_relu6_pad_reshape_and_softmax() {
    let mut net = small(5);
    let x = net.input("x", &[1, 4, 9]);
    let y = net.relu(x);
    check("relu", &net.finish(&[y]).unwrap());

    let mut net = small(5);
    let x = net.input("x", &[1, 4, 9]);
    let y = net.relu6(x);
    let graph = net.finish(&[y]).unwrap();
    check("relu6", &graph);
    let mut case = Case::new(&graph);
    case.x[0].iter_mut().for_each(|x| *x *= 10.0);
    let (_, dx) = case.gradients();
    assert!(dx[0].contains(&0.0));
    case.check("relu6 of large values", &dx[0], |case| &mut case.x[0]);

    let mut net = small(5);
    let x = net.input("x", &[1, 2, 3, 2]);
    let y = net.pad(x, &[[0, 0], [1, 2], [0, 1], [2, 0]]);
    check("pad", &net.finish(&[y]).unwrap());

    let mut net = small(5);
    let x = net.input("x", &[1, 2, 6]);
    let y = net.reshape(x, &[1, 3, -1]);
    check("reshape", &net.finish(&[y]).unwrap());

    check("softmax", &node(Op::Softmax(Softmax { beta: 0.7, wide: false }), &[&[1, 3, 5]], &[]));
}

mod rules;

#[test]
fn quantised_nodes_are_refused_by_name() {
    let mut net = small(6);
    let x = net.input("x", &[1, 4]);
    let q = net.quantize(x, smidgen_ir::Quant::per_tensor(0.1, 0));
    let y = net.dequantize(q);
    let y = net.fully_connected(y, 2);
    let graph = net.finish(&[y]).unwrap();
    let error = crate::Trainer::new(graph, crate::Config::default()).unwrap_err().to_string();
    assert!(error.starts_with("node 0 QUANTIZE"), "{error}");
}
