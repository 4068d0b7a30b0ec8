//! Reductions, searches and sums along an axis, layers that remember (LSTM and SVDF), and the end of detectors.

use smidgen_ir::ops::arg_max::ArgMax;
use smidgen_ir::ops::arg_min::ArgMin;
use smidgen_ir::ops::cumsum::Cumsum;
use smidgen_ir::ops::detection_postprocess::DetectionPostprocess;
use smidgen_ir::ops::mean::Mean;
use smidgen_ir::ops::reduce_max::ReduceMax;
use smidgen_ir::ops::reduce_min::ReduceMin;
use smidgen_ir::ops::sum::Sum;
use smidgen_ir::ops::svdf::Svdf;
use smidgen_ir::ops::unidirectional_sequence_lstm::UnidirectionalSequenceLstm;
use smidgen_ir::{Activation, DType, Op, Quant, Tensor, TensorIdx};

use crate::net::{Case, Net};

pub(crate) fn cases() -> Vec<Case> {
    [means(), sums(), extremes(), indices(), scans(), lstms(), svdfs(), detections()].concat()
}

/// An input of any of the three types.
fn input(net: &mut Net, dtype: DType, shape: &[usize]) -> TensorIdx {
    match dtype {
        DType::I8 => net.input_int8(shape),
        DType::I16 => {
            let tensor = Tensor::activation("input", DType::I16, shape.to_vec());
            net.float().input_tensor(Tensor { quant: Some(Quant::per_tensor(0.002, 0)), ..tensor })
        }
        _ => net.input(shape),
    }
}

/// A node whose result has the scale of its input times `factor` and, for int8, another zero point.
fn rescaled(net: &mut Net, dtype: DType, op: Op, x: TensorIdx, factor: f32) -> TensorIdx {
    let quant = net.float().graph().tensor(x).quant.clone();
    let quant = quant.map(|quant| {
        let zero_point = if dtype == DType::I8 { 9 } else { 0 };
        Quant::per_tensor(quant.scales[0] * factor, zero_point)
    });
    net.node(op, &[x], quant)
}

fn mean(net: &mut Net, dtype: DType, shape: &[usize], axes: &[i32], keep_dims: bool) -> TensorIdx {
    let x = input(net, dtype, shape);
    rescaled(net, dtype, Op::Mean(Mean { axes: axes.to_vec(), keep_dims }), x, 0.41)
}

/// The result keeps the input's scale and zero point.
fn plain_mean(net: &mut Net, dtype: DType, shape: &[usize], axes: &[i32]) -> TensorIdx {
    let x = input(net, dtype, shape);
    let quant = net.float().graph().tensor(x).quant.clone();
    net.node(Op::Mean(Mean { axes: axes.to_vec(), keep_dims: true }), &[x], quant)
}

fn means() -> Vec<Case> {
    let case = |name, build| Case::new("mean", name, build);
    vec![
        case("int8_image", |net| mean(net, DType::I8, &[2, 5, 7, 6], &[1, 2], true)),
        case("int8_image_flat", |net| mean(net, DType::I8, &[2, 5, 7, 6], &[1, 2], false)),
        case("int8_image_same_scale", |net| plain_mean(net, DType::I8, &[1, 4, 4, 9], &[2, 1])),
        case("int8_columns_same_scale", |net| plain_mean(net, DType::I8, &[3, 5, 7], &[0, 1])),
        case("int8_last_axis", |net| mean(net, DType::I8, &[3, 4, 11], &[-1], true)),
        case("int8_first_and_last", |net| mean(net, DType::I8, &[3, 4, 5], &[0, 2], false)),
        case("int8_apart_of_five", |net| mean(net, DType::I8, &[2, 3, 4, 2, 3], &[1, 3], false)),
        case("int16_image", |net| mean(net, DType::I16, &[2, 5, 7, 6], &[1, 2], true)),
        case("int16_rows_same_scale", |net| plain_mean(net, DType::I16, &[4, 9], &[1])),
        case("int16_columns", |net| mean(net, DType::I16, &[3, 7], &[0], false)),
        case("float_image", |net| mean(net, DType::F32, &[2, 5, 7, 6], &[1, 2], true)),
        case("float_apart_of_five", |net| mean(net, DType::F32, &[2, 3, 4, 2, 3], &[-4, 3], false)),
        case("float_of_all", |net| mean(net, DType::F32, &[3, 4], &[0, 1], false)),
    ]
}

fn sum(net: &mut Net, dtype: DType, shape: &[usize], axes: &[i32], keep_dims: bool) -> TensorIdx {
    let x = input(net, dtype, shape);
    rescaled(net, dtype, Op::Sum(Sum { axes: axes.to_vec(), keep_dims }), x, 5.3)
}

fn sums() -> Vec<Case> {
    let case = |name, build| Case::new("sum", name, build);
    vec![
        case("int8_image", |net| sum(net, DType::I8, &[2, 5, 7, 6], &[1, 2], true)),
        case("int8_last_axis", |net| sum(net, DType::I8, &[3, 4, 11], &[-1], false)),
        case("int16_columns", |net| sum(net, DType::I16, &[6, 9], &[0], true)),
        case("float_image", |net| sum(net, DType::F32, &[2, 5, 7, 6], &[1, 2], true)),
        case("float_last_axis", |net| sum(net, DType::F32, &[3, 4, 11], &[-1], false)),
    ]
}

fn largest(net: &mut Net, dtype: DType, shape: &[usize], axes: &[i32], keep_dims: bool) -> TensorIdx {
    let x = input(net, dtype, shape);
    net.node(Op::ReduceMax(ReduceMax { axes: axes.to_vec(), keep_dims }), &[x], None)
}

fn smallest(net: &mut Net, dtype: DType, shape: &[usize], axes: &[i32], keep_dims: bool) -> TensorIdx {
    let x = input(net, dtype, shape);
    net.node(Op::ReduceMin(ReduceMin { axes: axes.to_vec(), keep_dims }), &[x], None)
}

fn extremes() -> Vec<Case> {
    let max = |name, build| Case::new("reduce_max", name, build);
    let min = |name, build| Case::new("reduce_min", name, build);
    vec![
        max("int8_image", |net| largest(net, DType::I8, &[2, 3, 2, 6], &[1, 2], true)),
        max("int8_last_axis", |net| largest(net, DType::I8, &[3, 4, 5], &[2], false)),
        max("int16_columns", |net| largest(net, DType::I16, &[3, 9], &[0], false)),
        max("float_image", |net| largest(net, DType::F32, &[2, 3, 2, 6], &[1, 2], false)),
        max("float_apart", |net| largest(net, DType::F32, &[2, 4, 3, 5], &[0, 2], true)),
        min("int8_image", |net| smallest(net, DType::I8, &[2, 3, 2, 6], &[1, 2], true)),
        min("int8_last_axis", |net| smallest(net, DType::I8, &[3, 4, 5], &[2], false)),
        min("int16_columns", |net| smallest(net, DType::I16, &[3, 9], &[0], false)),
        min("float_image", |net| smallest(net, DType::F32, &[2, 3, 2, 6], &[1, 2], false)),
        min("float_apart", |net| smallest(net, DType::F32, &[2, 4, 3, 5], &[0, 2], true)),
    ]
}

fn first_largest(net: &mut Net, dtype: DType, shape: &[usize], axis: i32, int64: bool) -> TensorIdx {
    let x = input(net, dtype, shape);
    net.node(Op::ArgMax(ArgMax { axis, int64 }), &[x], None)
}

fn first_smallest(net: &mut Net, dtype: DType, shape: &[usize], axis: i32, int64: bool) -> TensorIdx {
    let x = input(net, dtype, shape);
    net.node(Op::ArgMin(ArgMin { axis, int64 }), &[x], None)
}

fn indices() -> Vec<Case> {
    let max = |name, build| Case::new("arg_max", name, build);
    let min = |name, build| Case::new("arg_min", name, build);
    vec![
        max("int8_last_axis", |net| first_largest(net, DType::I8, &[2, 3, 40], -1, false)),
        max("int8_middle_axis", |net| first_largest(net, DType::I8, &[2, 30, 5], 1, false)),
        max("int8_to_int64", |net| first_largest(net, DType::I8, &[4, 30], 1, true)),
        max("float_last_axis", |net| first_largest(net, DType::F32, &[2, 3, 40], 2, false)),
        max("float_first_axis_to_int64", |net| first_largest(net, DType::F32, &[30, 5], 0, true)),
        min("int8_last_axis", |net| first_smallest(net, DType::I8, &[2, 3, 40], -1, false)),
        min("int8_middle_axis", |net| first_smallest(net, DType::I8, &[2, 30, 5], 1, false)),
        min("float_last_axis", |net| first_smallest(net, DType::F32, &[2, 3, 40], 2, false)),
        min("float_first_axis_to_int64", |net| first_smallest(net, DType::F32, &[30, 5], 0, true)),
    ]
}

fn scan(net: &mut Net, dtype: DType, axis: i32, exclusive: bool, reverse: bool) -> TensorIdx {
    let x = input(net, dtype, &[2, 6, 3]);
    rescaled(net, dtype, Op::Cumsum(Cumsum { axis, exclusive, reverse }), x, 3.7)
}

fn scans() -> Vec<Case> {
    let case = |name, build| Case::new("cumsum", name, build);
    vec![
        case("int8", |net| scan(net, DType::I8, 1, false, false)),
        case("int8_exclusive", |net| scan(net, DType::I8, 1, true, false)),
        case("int8_reverse", |net| scan(net, DType::I8, 2, false, true)),
        case("int8_exclusive_reverse", |net| scan(net, DType::I8, -2, true, true)),
        case("float", |net| scan(net, DType::F32, 0, false, false)),
        case("float_exclusive", |net| scan(net, DType::F32, -1, true, false)),
        case("float_reverse", |net| scan(net, DType::F32, 1, false, true)),
        case("float_exclusive_reverse", |net| scan(net, DType::F32, 1, true, true)),
    ]
}

/// Sequences, steps, inputs and units.
type Extents = [usize; 4];

/// A constant matrix or vector of the type of weights beside activations of type `dtype`.
fn weights(net: &mut Net, dtype: DType, shape: &[usize]) -> Option<TensorIdx> {
    Some(if dtype == DType::F32 { net.constant(shape, 1.0) } else { net.weights_int8(shape, 0.006) })
}

fn bias(net: &mut Net, dtype: DType, n: usize) -> Option<TensorIdx> {
    Some(match dtype {
        DType::I8 => net.bias_int32(n, 4000, None),
        DType::I16 => net.bias_int64(n, 100_000),
        _ => net.constant(&[n], 0.5),
    })
}

fn lstm(net: &mut Net, dtype: DType, extents: Extents, time_major: bool, cell_clip: f32) -> TensorIdx {
    let [batches, steps, in_c, units] = extents;
    let shape = if time_major { [steps, batches, in_c] } else { [batches, steps, in_c] };
    let x = input(net, dtype, &shape);
    let mut operands = vec![Some(x)];
    operands.extend((0..4).map(|_| weights(net, dtype, &[units, in_c])));
    operands.extend((0..4).map(|_| weights(net, dtype, &[units, units])));
    operands.extend((0..4).map(|_| bias(net, dtype, units)));
    let quant = match dtype {
        DType::I8 => Some(Quant::per_tensor(0.0069, -5)),
        DType::I16 => Some(Quant::per_tensor(1.0 / 32768.0, 0)),
        _ => None,
    };
    let states = [
        Tensor::variable("hidden state", dtype, vec![batches, units], quant.clone()),
        if dtype == DType::F32 {
            Tensor::variable("cell", dtype, vec![batches, units], None)
        } else {
            let quant = Quant::per_tensor(1.0 / 2048.0, 0);
            Tensor::variable("cell", DType::I16, vec![batches, units], Some(quant))
        },
    ];
    operands.extend(states.map(|state| Some(net.float().constant(state))));
    let op = UnidirectionalSequenceLstm { time_major, cell_clip, reset: false };
    net.float().node(Op::UnidirectionalSequenceLstm(op), &operands, quant)
}

fn lstms() -> Vec<Case> {
    let case = |name, build| Case::new("unidirectional_sequence_lstm", name, build);
    vec![
        case("int8", |net| lstm(net, DType::I8, [1, 7, 5, 6], false, 0.0)),
        case("int8_two_sequences", |net| lstm(net, DType::I8, [2, 5, 9, 4], false, 0.0)),
        case("int8_time_major", |net| lstm(net, DType::I8, [2, 5, 4, 3], true, 0.0)),
        case("int8_clip", |net| lstm(net, DType::I8, [1, 6, 4, 5], false, 0.7)),
        case("int16", |net| lstm(net, DType::I16, [1, 7, 5, 6], false, 0.0)),
        case("int16_time_major", |net| lstm(net, DType::I16, [2, 5, 4, 3], true, 0.0)),
        case("int16_clip", |net| lstm(net, DType::I16, [2, 4, 4, 3], false, 0.5)),
        case("float", |net| lstm(net, DType::F32, [1, 7, 5, 6], false, 0.0)),
        case("float_time_major", |net| lstm(net, DType::F32, [2, 5, 4, 3], true, 0.0)),
        case("float_clip", |net| lstm(net, DType::F32, [2, 5, 4, 3], false, 0.6)),
    ]
}

/// Several steps of one layer: nodes that share weights and state, each with an input and an output of its own.
fn svdf(net: &mut Net, dtype: DType, state: DType, rank: usize, activation: Activation) -> Vec<TensorIdx> {
    let (batches, in_c, units, memory) = (2, 6, 3, 4);
    let filters = units * rank;
    let feature = weights(net, dtype, &[filters, in_c]);
    let time = match state {
        DType::I16 => Some(net.weights_int16(&[filters, memory], 0.00005)),
        _ => weights(net, dtype, &[filters, memory]),
    };
    let state_quant = match state {
        DType::I16 => Some(Quant::per_tensor(0.0005, 0)),
        DType::I8 => Some(Quant::per_tensor(0.05, 4)),
        _ => None,
    };
    let bias = match &state_quant {
        Some(quant) => {
            let graph = net.float().graph();
            let time = time.and_then(|time| graph.tensor(time).quant.as_ref()).map_or(1.0, |of| of.scales[0]);
            let quant = Quant::per_tensor(quant.scales[0] * time, 0);
            Some(net.bias_int32(units, 4000, Some(quant)))
        }
        None => bias(net, dtype, units),
    };
    let shape = vec![batches, memory * filters];
    let state = Some(net.float().constant(Tensor::variable("state", state, shape, state_quant)));
    let quant = (dtype == DType::I8).then(|| Quant::per_tensor(0.07, -3));
    // All inputs have the scale of the first.
    let first = input(net, dtype, &[batches, in_c]);
    let input_quant = net.float().graph().tensor(first).quant.clone();
    let mut outputs = Vec::new();
    for step in 0..6 {
        let x = if step == 0 {
            first
        } else {
            let tensor = Tensor::activation("input", dtype, vec![batches, in_c]);
            net.float().input_tensor(Tensor { quant: input_quant.clone(), ..tensor })
        };
        let op = Op::Svdf(Svdf { rank, activation });
        outputs.push(net.float().node(op, &[Some(x), feature, time, bias, state], quant.clone()));
    }
    outputs
}

fn svdfs() -> Vec<Case> {
    let case = |name, build| Case::several("svdf", name, build);
    vec![
        case("int8", |net| svdf(net, DType::I8, DType::I16, 1, Activation::None)),
        case("int8_rank_2", |net| svdf(net, DType::I8, DType::I16, 2, Activation::Relu)),
        case("int8_state_int8", |net| svdf(net, DType::I8, DType::I8, 1, Activation::None)),
        case("int8_state_int8_rank_2", |net| svdf(net, DType::I8, DType::I8, 2, Activation::Relu)),
        case("float", |net| svdf(net, DType::F32, DType::F32, 1, Activation::None)),
        case("float_rank_2_relu", |net| svdf(net, DType::F32, DType::F32, 2, Activation::Relu)),
    ]
}

/// Boxes around anchors on a grid, near enough for some to overlap. The fast kernels leave places past the last detection
/// as they were, so that all places must be taken.
fn detections_of(net: &mut Net, regular: bool, background: bool, score_threshold: f32) -> Vec<TensorIdx> {
    let (boxes, classes) = (24, 3);
    let encodings = net.input(&[1, boxes, 4]);
    let scores = net.input(&[1, boxes, classes + usize::from(background)]);
    let anchors: Vec<f32> =
        (0..boxes).flat_map(|at| [(at / 6) as f32 * 0.25, (at % 6) as f32 * 0.2, 0.25, 0.2]).collect();
    let anchors = net.float().constant(Tensor::const_f32("anchors", vec![boxes, 4], &anchors));
    let op = DetectionPostprocess {
        max_detections: 7,
        classes,
        regular,
        detections_per_class: 4,
        score_threshold,
        iou_threshold: 0.3,
        scales: [10.0, 10.0, 40.0, 40.0],
    };
    let operands = [encodings, scores, anchors].map(Some);
    net.float().nodes(Op::DetectionPostprocess(op), &operands, &[None, None, None, None])
}

fn detections() -> Vec<Case> {
    let case = |name, build| Case::several("detection_postprocess", name, build);
    vec![
        case("float_fast", |net| detections_of(net, false, false, -20.0)),
        case("float_fast_background", |net| detections_of(net, false, true, -20.0)),
        case("float_regular", |net| detections_of(net, true, true, -20.0)),
        case("float_regular_few", |net| detections_of(net, true, false, 7.0)),
    ]
}
