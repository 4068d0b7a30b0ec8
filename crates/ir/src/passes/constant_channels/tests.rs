use super::*;
use crate::Interpreter;
use crate::build::Builder;
use crate::ops::add::Add;
use crate::ops::concatenation::Concatenation;
use crate::ops::conv_2d::Conv2d;
use crate::ops::depthwise_conv_2d::DepthwiseConv2d;
use crate::ops::fully_connected::FullyConnected;
use crate::{Activation, lower};

/// The weight of a row at a place.
type Weights<'w> = &'w dyn Fn(usize, usize) -> i8;

struct Net<'a>(Builder<'a>);

impl Net<'_> {
    fn constants(&mut self, shape: Vec<usize>, weights: Weights<'_>, bias: &[i32]) -> [Option<TensorIdx>; 2] {
        let row = shape.iter().product::<usize>() / bias.len();
        let is_depthwise = shape[0] == 1;
        let place = |at: usize| match is_depthwise {
            true => (at % bias.len(), at / bias.len()),
            false => (at / row, at % row),
        };
        let values: Vec<i8> = (0..row * bias.len()).map(place).map(|(row, at)| weights(row, at)).collect();
        let scales = (0..bias.len()).map(|at| 0.01 + 0.002 * at as f32).collect();
        let quant = Quant::per_channel(scales, if is_depthwise { 3 } else { 0 });
        let filter = self.0.constant(Tensor::const_i8("filter", shape, &values, quant));
        let bias = self.0.constant(Tensor::const_i32("bias", vec![bias.len()], bias, None));
        [Some(filter), Some(bias)]
    }

    fn conv(
        &mut self,
        x: TensorIdx,
        k: usize,
        padding: Padding,
        weights: Weights,
        bias: &[i32],
    ) -> TensorIdx {
        let in_c = self.0.shape(x)[3];
        let [filter, bias] = self.constants(vec![bias.len(), k, k, in_c], weights, bias);
        let conv = Conv2d { stride: [1, 1], dilation: [1, 1], padding, activation: Activation::Relu };
        self.0.node(Op::Conv2d(conv), &[Some(x), filter, bias], Some(Quant::per_tensor(0.05, -128)))
    }

    fn depthwise(&mut self, x: TensorIdx, weights: Weights<'_>, bias: &[i32]) -> TensorIdx {
        let [filter, bias] = self.constants(vec![1, 3, 3, bias.len()], weights, bias);
        let conv = DepthwiseConv2d {
            depth_multiplier: 1,
            stride: [1, 1],
            dilation: [1, 1],
            padding: Padding::Same,
            activation: Activation::Relu,
        };
        self.0.node(Op::DepthwiseConv2d(conv), &[Some(x), filter, bias], Some(Quant::per_tensor(0.04, -128)))
    }

    fn dense(&mut self, x: TensorIdx, outputs: usize) -> TensorIdx {
        let row = self.0.shape(x)[1];
        let [filter, bias] = self.constants(vec![outputs, row], &usual, &vec![55; outputs]);
        let op = Op::FullyConnected(FullyConnected::default());
        self.0.node(op, &[Some(x), filter, bias], Some(Quant::per_tensor(0.3, 3)))
    }
}

fn usual(row: usize, at: usize) -> i8 {
    ((row * 31 + at * 17) % 41) as i8 - 20
}

fn net<'a>() -> (Net<'a>, TensorIdx) {
    let mut net = Builder::new("net", |_| Vec::new());
    let x = net.input_int8("x", &[1, 5, 4, 2], Quant::per_tensor(0.1, 4));
    (Net(net), x)
}

/// Both give the same for random, extreme and constant inputs, also with filters stored otherwise.
fn check_same(small: &Graph, graph: &Graph) {
    let mut interpreters = [small, graph].map(|graph| Interpreter::new(graph).unwrap());
    let mut state = 7u32;
    for at in 0..300 {
        let mut byte = |of: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match at {
                0..200 => (state >> 24) as u8,
                200..260 => [0x80, 0x7f][(state >> 31) as usize],
                _ => ((at - 260) * 6 + of * (at % 2)) as u8,
            }
        };
        let input: Vec<u8> = (0..graph.input_bytes()).map(&mut byte).collect();
        let [a, b] = &mut interpreters;
        assert_eq!(a.run(&input).unwrap(), b.run(&input).unwrap(), "input {at}");
    }
}

fn widths(graph: &Graph) -> Vec<usize> {
    graph.nodes.iter().map(|node| *graph.tensor(node.outputs[0]).shape.last().unwrap()).collect()
}

/// Of the rows every third has no weights.
fn gaps(row: usize, at: usize) -> i8 {
    if row % 3 == 1 { 0 } else { usual(row, at) }
}

#[test]
fn dead_channels_go_through_depthwise_layers_sums_and_concatenations() {
    let (mut net, x) = net();
    // Rows 1, 4 and 7 have no weights: their biases make 0, 6.5 and 0; row 5 is far below 0 for every input.
    let bias = [10, 0, 30, -10, 500, -1_000_000, 20, -3, 9];
    let a = net.conv(x, 3, Padding::Same, &gaps, &bias);
    let b = net.depthwise(a, &usual, &[100; 9]);
    let b = net.conv(b, 1, Padding::Same, &gaps, &[40, -1, 30, -10, -7, 9, 20, -3, 9]);
    let add = Op::Add(Add { activation: Activation::None });
    let sum = net.0.node(add, &[Some(a), Some(b)], Some(Quant::per_tensor(0.09, -128)));
    let both = net.0.node(Op::Concatenation(Concatenation { axis: 3 }), &[Some(a), Some(a)], None);
    let c = net.conv(sum, 3, Padding::Same, &usual, &[5, 6]);
    let d = net.conv(both, 1, Padding::Same, &usual, &[5, 6, 7]);
    let c = net.0.reshape(c, &[1, -1]);
    let d = net.0.reshape(d, &[1, -1]);
    let (c, d) = (net.dense(c, 3), net.dense(d, 3));
    let graph = net.0.finish(&[c, d]).unwrap();
    let small = constant_channels(&graph).unwrap();
    check_same(&small, &graph);
    // Channels 1 and 7 are 0 in both operands of the sum. Channel 4 is 6.5 in one, so that the border of the 3x3 layer sees it; row 5
    // of the second layer is there.
    assert_eq!(widths(&graph)[..4], [9, 9, 9, 9]);
    assert_eq!(widths(&small)[..5], [7, 7, 7, 7, 14]);
    assert!(small.tensors.iter().all(|tensor| !tensor.is_const() || !tensor.shape.contains(&9)));
    assert!(lower(&small).is_ok());
}

#[test]
fn a_constant_that_is_not_0_goes_only_where_there_is_no_border() {
    for (k, padding, width) in
        [(3, Padding::Same, 3), (3, Padding::Valid, 2), (1, Padding::Same, 2), (1, Padding::Valid, 2)]
    {
        let (mut net, x) = net();
        // Row 1 has no weights and a bias of 500 steps: 6 as a real value.
        let a = net.conv(x, 1, Padding::Same, &gaps, &[10, 500, 20]);
        let b = net.conv(a, k, padding, &usual, &[5, 6]);
        let b = net.0.reshape(b, &[1, -1]);
        let b = net.dense(b, 2);
        let graph = net.0.finish(&[b]).unwrap();
        let small = constant_channels(&graph).unwrap();
        assert_eq!(widths(&small)[0], width, "{k} {padding:?}");
        check_same(&small, &graph);
        let bias = |graph: &Graph| graph.tensor(graph.nodes[1].inputs[2].unwrap()).i32s().unwrap();
        assert_eq!(bias(&small) != bias(&graph), width == 2);
    }
}

#[test]
fn what_nobody_looks_at_goes_whatever_it_is() {
    let (mut net, x) = net();
    let a = net.conv(x, 3, Padding::Same, &usual, &[10, 20, 30]);
    // Reads the first two channels of the pixel only, without weights for the third.
    let b = net.conv(a, 3, Padding::Same, &|row, at| if at % 3 == 2 { 0 } else { usual(row, at) }, &[5, 6]);
    let b = net.0.reshape(b, &[1, -1]);
    let b = net.dense(b, 2);
    let graph = net.0.finish(&[b]).unwrap();
    let small = constant_channels(&graph).unwrap();
    assert_eq!(widths(&small)[..2], [2, 2]);
    check_same(&small, &graph);
}

#[test]
fn one_channel_stays_and_outputs_keep_theirs() {
    let (mut net, x) = net();
    let a = net.conv(x, 3, Padding::Same, &|_, _| 0, &[-10, -20, -30]);
    let b = net.conv(a, 1, Padding::Same, &gaps, &[5, 6, 7]);
    let graph = net.0.finish(&[b]).unwrap();
    let small = constant_channels(&graph).unwrap();
    assert_eq!(widths(&small), [1, 3]);
    check_same(&small, &graph);
}

/// A number below `n` that the seed and a counter give.
fn draw(state: &mut u64, n: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % n
}

#[test]
fn random_networks_lose_channels_and_no_bit() {
    let (mut n_smaller, mut n_channels) = (0, 0);
    for seed in 0..150u64 {
        let mut state = seed;
        let (mut net, x) = net();
        let mut at = x;
        for _ in 0..2 + draw(&mut state, 4) {
            let n_in = net.0.shape(at)[3];
            let n = 2 + draw(&mut state, 7) as usize;
            let rows: Vec<u64> = (0..n.max(n_in)).map(|_| draw(&mut state, 10)).collect();
            let weights = |row: usize, at: usize| match rows[row] {
                0..3 => 0,
                3 if at.is_multiple_of(2) => 0,
                _ => usual(row + seed as usize, at),
            };
            let bias = |row: usize| match rows[row] {
                0 => 0,
                1 => 400,
                9 => -3_000_000,
                8 => 3_000_000,
                _ => row as i32 * 20 - 40,
            };
            let biases: Vec<i32> = (0..rows.len()).map(bias).collect();
            let padding = if draw(&mut state, 3) == 0 { Padding::Valid } else { Padding::Same };
            at = match draw(&mut state, 5) {
                0 => net.depthwise(at, &weights, &biases[..n_in]),
                1 => {
                    let other = net.conv(at, 3, Padding::Same, &weights, &biases[..n_in]);
                    let add = Op::Add(Add { activation: Activation::Relu });
                    net.0.node(add, &[Some(other), Some(at)], Some(Quant::per_tensor(0.08, -128)))
                }
                2 => {
                    let (a, b) = (at, net.conv(at, 1, padding, &weights, &biases[..n]));
                    let b = net.conv(b, 1, padding, &weights, &biases[..n]);
                    let quant = net.0.graph().tensor(a).quant.clone();
                    let b = net.0.quantize(b, quant.unwrap());
                    net.0.node(Op::Concatenation(Concatenation { axis: 3 }), &[Some(b), Some(a)], None)
                }
                3 if net.0.shape(at)[1] > 3 => net.conv(at, 3, padding, &weights, &biases[..n]),
                _ => net.conv(at, 1, padding, &weights, &biases[..n]),
            };
        }
        let flat = net.0.reshape(at, &[1, -1]);
        let flat = net.dense(flat, 3);
        let graph = net.0.finish(&[flat]).unwrap();
        let small = constant_channels(&graph).unwrap();
        let gone: usize = widths(&graph).iter().sum::<usize>() - widths(&small).iter().sum::<usize>();
        n_smaller += usize::from(gone > 0);
        n_channels += gone;
        check_same(&small, &graph);
    }
    assert!(n_smaller > 100 && n_channels > 1000, "{n_smaller} networks, {n_channels} channels");
}
