//! The operators that are rules.

use super::{Activation, Case, DType, Op, Padding, Tensor, check, check_forward, constant, node, small};
use smidgen_ir::ops::*;

/// Checks an operator of one operand of this shape.
fn one(name: &str, op: Op, shape: &[usize]) {
    check(name, &node(op, &[shape], &[]));
}

/// Checks an operator on an operand whose values lie in 0.2..2.2, where roots and logarithms are smooth.
fn positive(name: &str, op: Op) {
    let graph = node(op, &[&[1, 3, 7]], &[]);
    let mut case = Case::new(&graph);
    case.x[0].iter_mut().for_each(|x| *x += 1.2);
    check_forward(name, &graph, &case);
    let (_, dx) = case.gradients();
    case.check(name, &dx[0], |case| &mut case.x[0]);
}

#[test]
fn unary() {
    let shape = &[1, 3, 17];
    one("abs", Op::Abs(abs::Abs), shape);
    one("cos", Op::Cos(cos::Cos), shape);
    one("elu", Op::Elu(elu::Elu), shape);
    one("exp", Op::Exp(exp::Exp), shape);
    one("gelu", Op::Gelu(gelu::Gelu { approximate: false }), shape);
    one("gelu by a tangent", Op::Gelu(gelu::Gelu { approximate: true }), shape);
    one("leaky relu", Op::LeakyRelu(leaky_relu::LeakyRelu { alpha: 0.2 }), shape);
    one("logistic", Op::Logistic(logistic::Logistic), shape);
    one("neg", Op::Neg(neg::Neg), shape);
    one("sin", Op::Sin(sin::Sin), shape);
    one("square", Op::Square(square::Square), shape);
    one("tanh", Op::Tanh(tanh::Tanh), shape);
    positive("log", Op::Log(log::Log));
    positive("rsqrt", Op::Rsqrt(rsqrt::Rsqrt));
    positive("sqrt", Op::Sqrt(sqrt::Sqrt));
    for (name, op) in [
        ("hard swish", Op::HardSwish(hard_swish::HardSwish)),
        ("relu_n1_to_1", Op::ReluN1To1(relu_n1_to_1::ReluN1To1)),
    ] {
        let mut case = Case::new(&node(op, &[shape], &[]));
        case.x[0].iter_mut().for_each(|x| *x *= 5.0);
        let (_, dx) = case.gradients();
        assert!(dx[0].contains(&0.0), "{name} is flat somewhere");
        case.check(name, &dx[0], |case| &mut case.x[0]);
    }
}

#[test]
fn binary() {
    let ops = [
        ("sub", Op::Sub(sub::Sub { activation: Activation::None })),
        ("mul", Op::Mul(mul::Mul { activation: Activation::None })),
        ("mul, relu6", Op::Mul(mul::Mul { activation: Activation::Relu6 })),
        ("squared difference", Op::SquaredDifference(squared_difference::SquaredDifference)),
        ("maximum", Op::Maximum(maximum::Maximum)),
        ("minimum", Op::Minimum(minimum::Minimum)),
    ];
    for (name, op) in ops {
        let alike = &[1, 2, 3, 4][..];
        check(&format!("{name}, alike"), &node(op.clone(), &[alike, alike], &[]));
        check(&format!("{name}, gated"), &node(op.clone(), &[alike, &[1, 1, 1, 4]], &[]));
        check(&format!("{name}, both spread"), &node(op.clone(), &[&[1, 1, 7, 1], &[1, 3, 1, 4]], &[]));
        check(&format!("{name}, constant"), &node(op, &[alike], &[constant(1, &[4])]));
    }
    let relu = Op::Sub(sub::Sub { activation: Activation::Relu });
    check("sub, relu", &node(relu, &[&[1, 5, 7], &[1, 5, 7]], &[]));
    let graph = node(Op::Div(div::Div { activation: Activation::None }), &[&[1, 2, 3], &[1, 1, 3]], &[]);
    let mut case = Case::new(&graph);
    case.x[1].iter_mut().for_each(|x| *x += 2.0);
    check_forward("div", &graph, &case);
    let (_, dx) = case.gradients();
    case.check("div 0", &dx[0], |case| &mut case.x[0]);
    case.check("div 1", &dx[1], |case| &mut case.x[1]);
}

#[test]
fn reductions_and_rows() {
    for axes in [vec![1], vec![1, 2], vec![-1], vec![0, 3]] {
        for keep_dims in [true, false] {
            let shape = &[1, 3, 4, 5];
            one("mean", Op::Mean(mean::Mean { axes: axes.clone(), keep_dims }), shape);
            one("sum", Op::Sum(sum::Sum { axes: axes.clone(), keep_dims }), shape);
            one("max", Op::ReduceMax(reduce_max::ReduceMax { axes: axes.clone(), keep_dims }), shape);
            one("min", Op::ReduceMin(reduce_min::ReduceMin { axes: axes.clone(), keep_dims }), shape);
        }
    }
    one("log softmax", Op::LogSoftmax(log_softmax::LogSoftmax), &[1, 3, 5]);
    one("l2", Op::L2Normalization(l2_normalization::L2Normalization), &[1, 3, 5]);
}

#[test]
fn movements() {
    let shape = &[1, 4, 6, 2];
    one("transpose", Op::Transpose(transpose::Transpose { permutation: vec![0, 2, 3, 1] }), shape);
    one("slice", Op::Slice(slice::Slice { begin: vec![0, 1, 2, 0], size: vec![1, 2, -1, 1] }), shape);
    one("squeeze", Op::Squeeze(squeeze::Squeeze { axes: vec![1] }), &[1, 1, 5]);
    one("expand", Op::ExpandDims(expand_dims::ExpandDims { axis: 1 }), &[1, 5]);
    one("to depth", Op::SpaceToDepth(space_to_depth::SpaceToDepth { block: 2 }), shape);
    one("to space", Op::DepthToSpace(depth_to_space::DepthToSpace { block: 2 }), &[1, 2, 3, 8]);
    one("tile", Op::Tile(tile::Tile { multiples: vec![1, 2, 1, 3] }), shape);
    one("reverse", Op::ReverseV2(reverse_v2::ReverseV2 { axes: vec![2] }), shape);
    one("split", Op::Split(split::Split { axis: 2, parts: 3 }), shape);
    one("unpack", Op::Unpack(unpack::Unpack { axis: 1 }), shape);
    let nearest = resize_nearest_neighbor::ResizeNearestNeighbor {
        size: [7, 9],
        align_corners: false,
        half_pixel_centers: true,
    };
    one("nearest", Op::ResizeNearestNeighbor(nearest), shape);
    let bilinear =
        resize_bilinear::ResizeBilinear { size: [7, 9], align_corners: false, half_pixel_centers: true };
    one("bilinear", Op::ResizeBilinear(bilinear), shape);
    let join = Op::Concatenation(concatenation::Concatenation { axis: -1 });
    check("concatenation", &node(join, &[&[1, 3, 2], &[1, 3, 4], &[1, 3, 1]], &[]));
    let pack = Op::Pack(pack::Pack { axis: 1 });
    check("pack", &node(pack, &[&[1, 3, 2], &[1, 3, 2]], &[]));
    let positions = Tensor::const_i32("positions", vec![4], &[2, 0, 2, 1], None);
    let gather = Op::Gather(gather::Gather { axis: 1, batch_dims: 0 });
    check("gather", &node(gather, &[&[1, 3, 2]], &[positions]));
    let pad = Op::PadV2(padv2::PadV2 { paddings: vec![[0, 0], [1, 2], [0, 1]] });
    check("padv2", &node(pad, &[&[1, 3, 2]], &[Tensor::const_f32("value", vec![1], &[3.0])]));
    let mirror = mirror_pad::MirrorPad { paddings: vec![[0, 0], [1, 2], [0, 1]], symmetric: false };
    one("mirror", Op::MirrorPad(mirror), &[1, 3, 2]);
}

#[test]
fn a_part_that_nobody_reads_is_left_out() {
    let mut net = small(3);
    let x = net.input("x", &[1, 6]);
    let parts = net.nodes(Op::Split(split::Split { axis: 1, parts: 3 }), &[Some(x)], &[]);
    let y = net.add(parts[0], parts[2]);
    let y = net.fully_connected(y, 2);
    let mut graph = net.finish(&[y]).unwrap();
    crate::init(&mut graph, 1).unwrap();
    let mut trainer =
        crate::Trainer::new(graph, crate::Config { epochs: 30, learning_rate: 0.1, ..Default::default() })
            .unwrap();
    let x = vec![1.0, 0.2, 9.0, -9.0, 0.5, 0.1, -1.0, 0.3, -9.0, 9.0, -0.5, 0.1];
    let train = crate::Examples { shape: vec![6], x, y: vec![0, 1], ..Default::default() };
    for _ in 0..30 {
        trainer.epoch(&train, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    }
    assert_eq!(trainer.evaluate(&train).unwrap().accuracy, 1.0);
}

#[test]
fn weighted_rules() {
    check("prelu", &node(Op::Prelu(prelu::Prelu), &[&[1, 3, 2, 4]], &[constant(2, &[1, 1, 4])]));
    let op = |padding, stride, output| {
        Op::TransposeConv(transpose_conv::TransposeConv {
            output,
            stride,
            padding,
            activation: Activation::None,
        })
    };
    let constants = [constant(1, &[3, 3, 2, 2]), constant(2, &[3])];
    check("up", &node(op(Padding::Same, [2, 2], [6, 8]), &[&[1, 3, 4, 2]], &constants));
    check("up, valid, no bias", &node(op(Padding::Valid, [2, 1], [7, 5]), &[&[1, 3, 4, 2]], &constants[..1]));
    for [adj_x, adj_y] in [[false, false], [true, false], [false, true], [true, true]] {
        let op = Op::BatchMatmul(batch_matmul::BatchMatmul { adj_x, adj_y });
        let x: &[usize] = if adj_x { &[1, 2, 4, 3] } else { &[1, 2, 3, 4] };
        let y: &[usize] = if adj_y { &[1, 1, 5, 4] } else { &[1, 1, 4, 5] };
        check("product", &node(op.clone(), &[x, y], &[]));
        check("product with a constant", &node(op, &[x], &[constant(3, y)]));
    }
}

#[test]
fn gru() {
    let (steps, in_c, units) = (5, 3, 4);
    for bits in 0..16 {
        let [time_major, reverse, reset_after, bias] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
        let mut constants = vec![
            constant(1, &[3 * units, in_c]),
            constant(2, &[3 * units, units]),
            constant(3, &[6 * units]),
        ];
        constants.truncate(if bias { 3 } else { 2 });
        let shape = if time_major { [steps, 1, in_c] } else { [1, steps, in_c] };
        let op = Op::Gru(gru::Gru { time_major, reverse, reset_after });
        check(&format!("gru {bits}"), &node(op, &[&shape], &constants));
    }
    let op = Op::Gru(gru::Gru { time_major: false, reverse: false, reset_after: true });
    let constants = [&[3, 2][..], &[3, 1], &[6], &[1, 1]].map(|shape| constant(5, shape));
    check("gru with a beginning", &node(op, &[&[1, 4, 2]], &constants));
}

#[test]
fn lstm() {
    let (steps, in_c, units) = (5, 3, 4);
    for (cell_clip, time_major, n_biases) in [(0.0, false, 4), (0.3, false, 4), (0.0, true, 0)] {
        let mut net = small(1);
        let x = net.input("x", &if time_major { [steps, 1, in_c] } else { [1, steps, in_c] });
        let mut operands = vec![Some(x)];
        for (seed, shape) in [(1, &[units, in_c][..]), (2, &[units, units])] {
            operands.extend((0..4).map(|gate| Some(net.constant(constant(seed + 10 * gate, shape)))));
        }
        operands.extend((0..n_biases).map(|gate| Some(net.constant(constant(3 + 10 * gate, &[units])))));
        operands.resize(13, None);
        for state in ["hidden", "cell"] {
            let tensor = Tensor::activation(state, DType::F32, vec![1, units]);
            operands.push(Some(net.constant(Tensor { is_variable: true, ..tensor })));
        }
        let op =
            unidirectional_sequence_lstm::UnidirectionalSequenceLstm { time_major, cell_clip, reset: true };
        let y = net.node(Op::UnidirectionalSequenceLstm(op), &operands, None);
        check(&format!("lstm, clip {cell_clip}"), &net.finish(&[y]).unwrap());
    }
}
