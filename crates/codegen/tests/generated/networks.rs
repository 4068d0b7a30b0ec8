//! Networks that the tests generate code for.

use smidgen_codegen::{CodegenError, OptLevel, Options, firmware};
use smidgen_ir::build::{Builder, Conv, Parameter};
use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::average_pool_2d::AveragePool2d;
use smidgen_ir::ops::concatenation::Concatenation;
use smidgen_ir::ops::conv_2d::Conv2d;
use smidgen_ir::ops::depthwise_conv_2d::DepthwiseConv2d;
use smidgen_ir::ops::fully_connected::FullyConnected;
use smidgen_ir::ops::logistic::Logistic;
use smidgen_ir::ops::split::Split;
use smidgen_ir::ops::tanh::Tanh;
use smidgen_ir::{Activation, Graph, Op, Padding, Program, Quant, Tensor, TensorIdx, lower};
use std::collections::BTreeMap;

/// A stream of bytes that is the same everywhere (the generator of the shared goldens).
#[derive(Debug)]
pub(crate) struct Stream(u32);

impl Stream {
    pub(crate) fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 24) as u8
    }

    fn int8s(&mut self, n: usize) -> Vec<i8> {
        (0..n).map(|_| self.byte().cast_signed()).collect()
    }

    /// Values in `-1..1`.
    pub(crate) fn floats(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| f32::from(self.byte().cast_signed()) / 128.0).collect()
    }
}

/// Every float operator, two inputs, two outputs.
pub(crate) fn float_network() -> Graph {
    let mut stream = Stream(1);
    let mut net = Builder::new("floats", |parameter: &Parameter<'_>| stream.floats(parameter.n_elements()));
    let image = net.input("image", &[1, 6, 6, 2]);
    let offset = net.input("offset", &[1, 6, 6, 4]);
    let x = net.conv_2d(image, Conv::new(4, [3, 3]).relu());
    let x = net.add(x, offset);
    let x = net.depthwise_conv_2d(x, Conv::new(2, [3, 3]).stride([2, 2]).no_bias());
    let x = net.pad(x, &[[0, 0], [1, 0], [0, 1], [0, 0]]);
    let pooled = net.max_pool_2d(x, [2, 2], [2, 2]);
    let x = net.relu6(pooled);
    let x = net.average_pool_2d(x, [2, 2], [1, 1]);
    let x = net.relu(x);
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 5);
    let x = net.softmax(x);
    net.finish(&[x, pooled]).expect("valid")
}

/// Every int8 operator, with a filter scale per channel, an absent bias and a float input and output.
pub(crate) fn int8_network() -> Graph {
    let mut stream = Stream(2);
    let mut net = Builder::new("int8s", |_: &Parameter<'_>| Vec::new());
    let x = net.input("samples", &[1, 6, 6, 3]);
    let x = net.quantize(x, Quant::per_tensor(0.0625, -5));
    let conv = Op::Conv2d(Conv2d {
        stride: [1, 1],
        dilation: [1, 1],
        padding: Padding::Same,
        activation: Activation::Relu,
    });
    let filter_scales = vec![0.01, 0.02, 0.005, 0.015];
    let filter = Quant::per_channel(filter_scales.clone(), 0);
    let filter = net.constant(Tensor::const_i8("filter", vec![4, 3, 3, 3], &stream.int8s(108), filter));
    let bias = Quant::per_channel(filter_scales.iter().map(|scale| scale * 0.0625).collect(), 0);
    let bias = net.constant(Tensor::const_i32("bias", vec![4], &[100, -2000, 30, 4], Some(bias)));
    let a = net.node(conv, &[Some(x), Some(filter), Some(bias)], Some(Quant::per_tensor(0.05, -128)));
    let depthwise = Op::DepthwiseConv2d(DepthwiseConv2d {
        depth_multiplier: 1,
        stride: [1, 1],
        dilation: [2, 2],
        padding: Padding::Same,
        activation: Activation::None,
    });
    let filter = Quant::per_channel(vec![0.01; 4], 3);
    let filter = net.constant(Tensor::const_i8("depthwise", vec![1, 3, 3, 4], &stream.int8s(36), filter));
    let b = net.node(depthwise, &[Some(a), Some(filter), None], Some(Quant::per_tensor(0.1, 3)));
    let sum = Op::Add(Add { activation: Activation::Relu6 });
    let x = net.node(sum, &[Some(a), Some(b)], Some(Quant::per_tensor(0.03, -100)));
    let x = net.pad(x, &[[0, 0], [0, 1], [1, 0], [0, 0]]);
    let x = net.max_pool_2d(x, [2, 2], [1, 1]);
    let average = AveragePool2d {
        window: [3, 3],
        stride: [2, 2],
        padding: Padding::Same,
        activation: Activation::None,
    };
    let x = net.node(Op::AveragePool2d(average), &[Some(x)], None);
    let x = net.quantize(x, Quant::per_tensor(0.04, -90));
    let x = net.reshape(x, &[1, 36]);
    let weights = Tensor::const_i8("weights", vec![5, 36], &stream.int8s(180), Quant::per_tensor(0.004, 0));
    let weights = net.constant(weights);
    let fully_connected = Op::FullyConnected(FullyConnected::default());
    let x = net.node(fully_connected, &[Some(x), Some(weights), None], Some(Quant::per_tensor(0.08, 10)));
    let classes = net.softmax(x);
    let y = net.dequantize(classes);
    net.finish(&[y, classes]).expect("valid")
}

/// A convolution of 1x1 and a fully connected layer, of which most weights are 0.
pub(crate) fn sparse_network() -> Graph {
    let mut stream = Stream(4);
    let mut net = Builder::new("sparse", |_: &Parameter<'_>| Vec::new());
    let mut sparse = |net: &mut Builder<'_>, shape: Vec<usize>, quant| {
        let weights = stream.int8s(shape.iter().product());
        let weights: Vec<i8> = weights.chunks(3).flat_map(|weights| [weights[0], 0, 0]).collect();
        let n = shape.iter().product();
        net.constant(Tensor::const_i8("weights", shape, &weights[..n], quant))
    };
    let x = net.input_int8("x", &[1, 3, 4, 6], Quant::per_tensor(0.05, -7));
    let scales = (0..70).map(|at| 0.002 + 0.0001 * at as f32).collect();
    let filter = sparse(&mut net, vec![70, 1, 1, 6], Quant::per_channel(scales, 0));
    let bias: Vec<i32> = (0..70).map(|at| at * 31 - 999).collect();
    let bias = net.constant(Tensor::const_i32("bias", vec![70], &bias, None));
    let conv = Op::Conv2d(Conv2d {
        stride: [1, 1],
        dilation: [1, 1],
        padding: Padding::Same,
        activation: Activation::Relu,
    });
    let x = net.node(conv, &[Some(x), Some(filter), Some(bias)], Some(Quant::per_tensor(0.03, -100)));
    let x = net.reshape(x, &[1, 840]);
    let weights = sparse(&mut net, vec![5, 840], Quant::per_tensor(0.004, 0));
    let op = Op::FullyConnected(FullyConnected::default());
    let x = net.node(op, &[Some(x), Some(weights), None], Some(Quant::per_tensor(0.9, 10)));
    net.finish(&[x]).expect("valid")
}

/// One fully connected layer of four values: small enough to read its text.
pub(crate) fn small_network() -> Graph {
    let mut net = Builder::new("small \u{202e}\"*/", |_: &Parameter<'_>| Vec::new());
    let x = net.input_int8("in\nput", &[1, 4], Quant::per_tensor(0.5, -3));
    let weights =
        Tensor::const_i8("w", vec![2, 4], &[1, -2, 3, -4, 5, -6, 7, -8], Quant::per_tensor(0.25, 0));
    let weights = net.constant(weights);
    let op = Op::FullyConnected(FullyConnected::default());
    let y = net.node(op, &[Some(x), Some(weights), None], Some(Quant::per_tensor(1.0, 0)));
    net.finish(&[y]).expect("valid")
}

/// Options for a board that ships.
pub(crate) fn options(board: &str) -> Options {
    Options {
        board: smidgen_target::board(board).expect("ships"),
        crate_name: "tested-model".to_owned(),
        source: "a test".to_owned(),
        opt_level: OptLevel::default(),
        pipeline: None,
        kernels: None,
        weights_section: None,
    }
}

/// Rows behind rows, and their halves again.
pub(crate) fn rows_network() -> Graph {
    let mut stream = Stream(5);
    let mut net = Builder::new("rows", |parameter: &Parameter<'_>| stream.floats(parameter.n_elements()));
    let x = net.input("x", &[1, 4, 4, 2]);
    let a = net.conv_2d(x, Conv::new(3, [3, 3]));
    let b = net.conv_2d(x, Conv::new(3, [1, 1]));
    let y = net.node(Op::Concatenation(Concatenation { axis: 1 }), &[Some(a), Some(b)], None);
    let halves = net.nodes(Op::Split(Split { axis: 1, parts: 2 }), &[Some(y)], &[None, None]);
    let sum = net.add(halves[0], halves[1]);
    let sum = net.add(sum, a);
    // In place.
    let curve = net.node(Op::Logistic(Logistic), &[Some(sum)], None);
    let curve = net.node(Op::Tanh(Tanh), &[Some(curve)], None);
    net.finish(&[curve]).expect("valid")
}

/// Channels beside channels, and their halves again, of which one is convolved and added to the other.
pub(crate) fn branches_network() -> Graph {
    let mut stream = Stream(6);
    let mut net = Builder::new("branches", |_: &Parameter<'_>| Vec::new());
    let mut conv = |net: &mut Builder<'_>, x, [out_c, size, in_c]: [usize; 3]| {
        let scales = (0..out_c).map(|at| 0.003 + 0.001 * at as f32).collect();
        let (weights, quant) = (stream.int8s(out_c * size * size * in_c), Quant::per_channel(scales, 0));
        let filter = net.constant(Tensor::const_i8("filter", vec![out_c, size, size, in_c], &weights, quant));
        let op =
            Conv2d { stride: [1, 1], dilation: [1, 1], padding: Padding::Same, activation: Activation::None };
        net.node(Op::Conv2d(op), &[Some(x), Some(filter), None], Some(Quant::per_tensor(0.06, -9)))
    };
    let x = net.input_int8("x", &[2, 5, 4, 3], Quant::per_tensor(0.05, -7));
    let (a, b) = (conv(&mut net, x, [3, 1, 3]), conv(&mut net, x, [5, 3, 3]));
    let y = net.node(Op::Concatenation(Concatenation { axis: 3 }), &[Some(a), Some(b)], None);
    let halves = net.nodes(Op::Split(Split { axis: 3, parts: 2 }), &[Some(y)], &[None, None]);
    let (a, b) = (conv(&mut net, halves[1], [6, 1, 4]), conv(&mut net, halves[0], [6, 3, 4]));
    let sum = Op::Add(Add { activation: Activation::Relu });
    let y = net.node(sum, &[Some(a), Some(b)], Some(Quant::per_tensor(0.07, -20)));
    net.finish(&[y]).expect("valid")
}

/// Lowers, plans and generates.
pub(crate) fn generate(graph: &Graph, options: &Options) -> Result<BTreeMap<String, Vec<u8>>, CodegenError> {
    generate_program(graph, &lower(graph).expect("lowers"), options)
}

/// [`generate`] of a program that was made of the graph.
pub(crate) fn generate_program(
    graph: &Graph,
    program: &Program,
    options: &Options,
) -> Result<BTreeMap<String, Vec<u8>>, CodegenError> {
    let plan = smidgen_plan::plan(graph, program).expect("plans");
    assert_eq!(smidgen_plan::check(graph, program, &plan), Ok(()));
    firmware(graph, program, &plan, options)
}

/// Random inputs of `n` inferences, in the types of the graph.
pub(crate) fn inputs(graph: &Graph, n: usize) -> Vec<u8> {
    let mut stream = Stream(3);
    let one = |idx: &TensorIdx, stream: &mut Stream| -> Vec<u8> {
        let tensor = graph.tensor(*idx);
        match tensor.dtype.n_bytes(1) {
            1 => (0..tensor.n_elements()).map(|_| stream.byte()).collect(),
            _ => stream.floats(tensor.n_elements()).into_iter().flat_map(f32::to_le_bytes).collect(),
        }
    };
    (0..n)
        .flat_map(|_| graph.inputs.iter().flat_map(|idx| one(idx, &mut stream)).collect::<Vec<u8>>())
        .collect()
}
