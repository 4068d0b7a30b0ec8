//! Layers with weights in the forms beside int8 and float: int16 activations, 4-bit weights, weights with a zero point;
//! TRANSPOSE_CONV, BATCH_MATMUL, and pools of int16.

use smidgen_ir::ops::average_pool_2d::AveragePool2d;
use smidgen_ir::ops::batch_matmul::BatchMatmul;
use smidgen_ir::ops::conv_2d::Conv2d;
use smidgen_ir::ops::depthwise_conv_2d::DepthwiseConv2d;
use smidgen_ir::ops::fully_connected::FullyConnected;
use smidgen_ir::ops::l2_pool_2d::L2Pool2d;
use smidgen_ir::ops::max_pool_2d::MaxPool2d;
use smidgen_ir::ops::transpose_conv::TransposeConv;
use smidgen_ir::{Activation, DType, Op, Padding, Quant, Tensor, TensorIdx};

use crate::net::{Case, Net};

pub(crate) fn cases() -> Vec<Case> {
    [convolutions(), depthwise(), connected(), transposed(), products(), pools()].concat()
}

fn convolutions() -> Vec<Case> {
    let conv = |name, build| Case::new("conv_2d", name, build);
    vec![
        conv("int16_same", |net| {
            layer(net, conv_by([1, 1], [1, 1], Padding::Same), IMAGE, &[4, 3, 3, 3], 0, WIDE)
        }),
        conv("int16_strided_valid", |net| {
            layer(net, conv_by([2, 1], [1, 1], Padding::Valid), IMAGE, &[5, 2, 3, 3], 0, WIDE)
        }),
        conv("int16_dilated", |net| {
            layer(net, conv_by([1, 1], [2, 2], Padding::Same), IMAGE, &[4, 3, 3, 3], 0, WIDE)
        }),
        conv("int16_grouped", |net| {
            layer(net, conv_by([1, 1], [1, 1], Padding::Same), &[1, 5, 5, 4], &[6, 3, 3, 2], 0, WIDE)
        }),
        conv("int16_per_tensor", |net| {
            let form = Form { per_channel: false, ..WIDE };
            layer(net, conv_by([1, 1], [1, 1], Padding::Same), IMAGE, &[4, 3, 3, 3], 0, form)
        }),
        conv("int16_int32_bias", |net| {
            let form = Form { bias: Some(DType::I32), ..WIDE };
            layer(net, conv_by([1, 1], [1, 1], Padding::Same), IMAGE, &[4, 3, 3, 3], 0, form)
        }),
        conv("int16_no_bias", |net| {
            let form = Form { bias: None, ..WIDE };
            layer(net, conv_by([1, 1], [1, 1], Padding::Same), IMAGE, &[4, 3, 3, 3], 0, form)
        }),
        conv("int16_relu6", |net| {
            let op = Conv2d {
                stride: [1, 1],
                dilation: [1, 1],
                padding: Padding::Same,
                activation: Activation::Relu6,
            };
            layer(net, Op::Conv2d(op), IMAGE, &[4, 3, 3, 3], 0, WIDE)
        }),
        conv("int16_long_sums", |net| {
            layer(net, conv_by([1, 1], [1, 1], Padding::Same), &[1, 3, 2, 140], &[5, 3, 3, 140], 0, WIDE)
        }),
        conv("int4_same", |net| {
            layer(net, conv_by([1, 1], [1, 1], Padding::Same), IMAGE, &[4, 3, 3, 3], 0, PACKED)
        }),
        conv("int4_odd_rows", |net| {
            layer(net, conv_by([1, 2], [1, 1], Padding::Valid), IMAGE, &[5, 1, 3, 3], 0, PACKED)
        }),
        conv("int8_one_dimensional", |net| {
            let form = Form { input: DType::I8, weights: DType::I8, bias: Some(DType::I32), ..WIDE };
            layer(net, conv_by([1, 2], [1, 1], Padding::Same), &[1, 1, 15, 3], &[4, 1, 5, 3], 0, form)
        }),
    ]
}

fn depthwise() -> Vec<Case> {
    let depthwise = |name, build| Case::new("depthwise_conv_2d", name, build);
    vec![
        depthwise("int16_same", |net| layer(net, depthwise_by(1, [1, 1]), IMAGE, &[1, 3, 3, 3], 3, WIDE)),
        depthwise("int16_multiplier_2", |net| {
            layer(net, depthwise_by(2, [2, 1]), IMAGE, &[1, 3, 2, 6], 3, WIDE)
        }),
        depthwise("int16_no_bias", |net| {
            let form = Form { bias: None, ..WIDE };
            layer(net, depthwise_by(1, [2, 2]), IMAGE, &[1, 3, 3, 3], 3, form)
        }),
        depthwise("int4_same", |net| layer(net, depthwise_by(1, [1, 1]), IMAGE, &[1, 3, 3, 3], 3, PACKED)),
        depthwise("int4_multiplier_3", |net| {
            layer(net, depthwise_by(3, [1, 2]), IMAGE, &[1, 3, 3, 9], 3, PACKED)
        }),
    ]
}

fn connected() -> Vec<Case> {
    let connected = |name, build| Case::new("fully_connected", name, build);
    vec![
        connected("int16", |net| {
            layer(net, connect(Activation::None), &[3, 24], &[6, 24], 0, Form { per_channel: false, ..WIDE })
        }),
        connected("int16_long_sums", |net| {
            let form = Form { per_channel: false, ..WIDE };
            layer(net, connect(Activation::Relu), &[1, 1200], &[5, 1200], 0, form)
        }),
        connected("int16_int32_bias", |net| {
            let form = Form { per_channel: false, bias: Some(DType::I32), ..WIDE };
            layer(net, connect(Activation::None), &[3, 24], &[6, 24], 0, form)
        }),
        connected("int16_no_bias", |net| {
            let form = Form { per_channel: false, bias: None, ..WIDE };
            layer(net, connect(Activation::None), &[3, 24], &[6, 24], 0, form)
        }),
        connected("int16_per_channel", |net| {
            layer(net, connect(Activation::None), &[3, 24], &[6, 24], 0, WIDE)
        }),
        connected("float_computed_weights", |net| computed(net, DType::F32)),
        connected("int8_computed_weights", |net| computed(net, DType::I8)),
        connected("int4", |net| {
            layer(
                net,
                connect(Activation::None),
                &[3, 24],
                &[6, 24],
                0,
                Form { per_channel: false, ..PACKED },
            )
        }),
        connected("int4_odd_rows", |net| {
            layer(
                net,
                connect(Activation::None),
                &[2, 13],
                &[7, 13],
                0,
                Form { per_channel: false, ..PACKED },
            )
        }),
    ]
}

fn transposed() -> Vec<Case> {
    let case = |name, build| Case::new("transpose_conv", name, build);
    vec![
        case("float_same", |net| {
            transposed_float(net, transpose([8, 6], [2, 2], Padding::Same), &[4, 3, 3, 2])
        }),
        case("float_valid", |net| {
            transposed_float(net, transpose([9, 5], [2, 1], Padding::Valid), &[3, 3, 3, 2])
        }),
        case("float_gaps", |net| {
            transposed_float(net, transpose([12, 9], [3, 3], Padding::Valid), &[2, 2, 2, 2])
        }),
        case("int8_same", |net| {
            layer(net, transpose([8, 6], [2, 2], Padding::Same), SMALL, &[4, 3, 3, 2], 0, NARROW)
        }),
        case("int8_valid", |net| {
            layer(net, transpose([9, 5], [2, 1], Padding::Valid), SMALL, &[3, 3, 3, 2], 0, NARROW)
        }),
        case("int8_no_bias", |net| {
            let form = Form { bias: None, ..NARROW };
            layer(net, transpose([4, 3], [1, 1], Padding::Same), SMALL, &[4, 3, 2, 2], 0, form)
        }),
        case("int8_per_tensor", |net| {
            let form = Form { per_channel: false, ..NARROW };
            layer(net, transpose([8, 6], [2, 2], Padding::Same), SMALL, &[4, 4, 4, 2], 0, form)
        }),
        case("int16_same", |net| {
            layer(net, transpose([8, 6], [2, 2], Padding::Same), SMALL, &[4, 3, 3, 2], 0, WIDE)
        }),
        case("int16_valid", |net| {
            layer(net, transpose([9, 5], [2, 1], Padding::Valid), SMALL, &[3, 3, 3, 2], 0, WIDE)
        }),
    ]
}

fn products() -> Vec<Case> {
    let case = |name, build| Case::new("batch_matmul", name, build);
    vec![
        case("float", |net| product(net, DType::F32, [&[2, 3, 4], &[2, 4, 5]], [false, false])),
        case("float_adj_x", |net| product(net, DType::F32, [&[2, 4, 3], &[2, 4, 5]], [true, false])),
        case("float_adj_y", |net| product(net, DType::F32, [&[3, 4], &[5, 4]], [false, true])),
        case("float_broadcast", |net| product(net, DType::F32, [&[2, 1, 3, 4], &[3, 4, 2]], [false, false])),
        case("int8", |net| product(net, DType::I8, [&[2, 3, 4], &[2, 4, 5]], [false, false])),
        case("int8_adj_x", |net| product(net, DType::I8, [&[2, 4, 3], &[2, 4, 5]], [true, false])),
        case("int8_adj_y", |net| product(net, DType::I8, [&[1, 3, 20], &[1, 5, 20]], [false, true])),
        case("int8_broadcast", |net| product(net, DType::I8, [&[2, 1, 3, 4], &[1, 3, 4, 2]], [false, false])),
        case("int16", |net| product(net, DType::I16, [&[2, 3, 4], &[2, 4, 5]], [false, false])),
        case("int16_adj_y", |net| product(net, DType::I16, [&[2, 3, 40], &[2, 5, 40]], [false, true])),
    ]
}

fn pools() -> Vec<Case> {
    let average = |name, build| Case::new("average_pool_2d", name, build);
    let max = |name, build| Case::new("max_pool_2d", name, build);
    let square = |name, build| Case::new("l2_pool_2d", name, build);
    vec![
        average("int16_same", |net| pool(net, average_of([3, 2], [1, 2], Padding::Same, Activation::None))),
        average("int16_valid_relu", |net| {
            pool(net, average_of([2, 3], [2, 2], Padding::Valid, Activation::Relu))
        }),
        max("int16_same", |net| pool(net, max_of([3, 2], [1, 2], Padding::Same, Activation::None))),
        max("int16_valid_relu6", |net| pool(net, max_of([2, 3], [2, 2], Padding::Valid, Activation::Relu6))),
        square("float_same", |net| square_of(net, [3, 2], Padding::Same, Activation::None)),
        square("float_valid_relu6", |net| square_of(net, [2, 3], Padding::Valid, Activation::Relu6)),
    ]
}

const IMAGE: &[usize] = &[1, 7, 8, 3];
const SMALL: &[usize] = &[1, 4, 3, 2];

/// Types of a layer, and whether each output channel has a scale of its own.
#[derive(Clone, Copy)]
struct Form {
    input: DType,
    weights: DType,
    bias: Option<DType>,
    per_channel: bool,
}

const WIDE: Form = Form { input: DType::I16, weights: DType::I8, bias: Some(DType::I64), per_channel: true };
const NARROW: Form = Form { input: DType::I8, weights: DType::I8, bias: Some(DType::I32), per_channel: true };
const PACKED: Form = Form { weights: DType::I4, ..NARROW };

/// A layer with its own filter and bias; the result's scale is such that few results saturate.
fn layer(
    net: &mut Net,
    op: Op,
    input: &[usize],
    shape: &[usize],
    channel_axis: usize,
    form: Form,
) -> TensorIdx {
    let x = activation(net, form.input, input);
    let input_scale = net.float().graph().tensor(x).quant.clone().expect("a quantised input").scales[0];
    let out_c = shape[channel_axis];
    let n: usize = shape.iter().product();
    let (reach, weights): (f32, Vec<u8>) = match form.weights {
        DType::I4 => (7.0, (0..n.div_ceil(2)).map(|_| net.below(256) as u8).collect()),
        _ => (127.0, (0..n).map(|_| ((net.below(255) as i32 - 127) as i8).cast_unsigned()).collect()),
    };
    let scales: Vec<f32> = (0..if form.per_channel { out_c } else { 1 })
        .map(|_| (0.5 + net.below(256) as f32 / 512.0) / reach)
        .collect();
    let quant = |scales: Vec<f32>, axis| Quant { zero_points: vec![0; scales.len()], scales, axis };
    let bias_scales = scales.iter().map(|scale| scale * input_scale).collect();
    let filter = Tensor {
        quant: Some(quant(scales, channel_axis)),
        data: Some(weights.into()),
        ..Tensor::activation("filter", form.weights, shape.to_vec())
    };
    let mut operands = vec![x, net.float().constant(filter)];
    if let Some(dtype) = form.bias {
        // A few steps of the input at full weight.
        let values: Vec<i64> = (0..out_c)
            .map(|_| {
                (net.below(2001) as i64 - 1000) * reach as i64 * if form.input == DType::I16 { 8 } else { 1 }
                    / 64
            })
            .collect();
        let data: Vec<u8> = match dtype {
            DType::I32 => values.iter().flat_map(|&value| (value as i32).to_le_bytes()).collect(),
            _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        };
        let bias = Tensor {
            quant: Some(quant(bias_scales, 0)),
            data: Some(data.into()),
            ..Tensor::activation("bias", dtype, vec![out_c])
        };
        operands.push(net.float().constant(bias));
    }
    let spread = ((n / out_c) as f32).sqrt();
    let (scale, zero_point) = if form.input == DType::I16 {
        (input_scale * spread, 0)
    } else {
        (input_scale * spread, net.below(61) as i32 - 30)
    };
    net.node(op, &operands, Some(Quant::per_tensor(scale, zero_point)))
}

/// An input of the model: float32, int8 with a zero point, or int16.
fn activation(net: &mut Net, dtype: DType, shape: &[usize]) -> TensorIdx {
    let quant = match dtype {
        DType::F32 => return net.input(shape),
        DType::I16 => Quant::per_tensor(net.quant().scales[0] / 256.0, 0),
        _ => net.quant(),
    };
    let tensor = Tensor::activation("input", dtype, shape.to_vec());
    net.float().input_tensor(Tensor { quant: Some(quant), ..tensor })
}

fn conv_by(stride: [usize; 2], dilation: [usize; 2], padding: Padding) -> Op {
    Op::Conv2d(Conv2d { stride, dilation, padding, activation: Activation::None })
}

fn depthwise_by(depth_multiplier: usize, stride: [usize; 2]) -> Op {
    Op::DepthwiseConv2d(DepthwiseConv2d {
        depth_multiplier,
        stride,
        dilation: [1, 1],
        padding: Padding::Same,
        activation: Activation::None,
    })
}

fn connect(activation: Activation) -> Op {
    Op::FullyConnected(FullyConnected { activation, keep_num_dims: false })
}

fn transpose(output: [usize; 2], stride: [usize; 2], padding: Padding) -> Op {
    Op::TransposeConv(TransposeConv { output, stride, padding, activation: Activation::None })
}

fn transposed_float(net: &mut Net, op: Op, filter: &[usize]) -> TensorIdx {
    let x = net.input(SMALL);
    let operands = [x, net.constant(filter, 0.5), net.constant(&filter[..1], 1.0)];
    net.node(op, &operands, None)
}

fn product(net: &mut Net, dtype: DType, shapes: [&[usize]; 2], [adj_x, adj_y]: [bool; 2]) -> TensorIdx {
    let operands = shapes.map(|shape| activation(net, dtype, shape));
    let op = Op::BatchMatmul(BatchMatmul { adj_x, adj_y });
    let quant = match dtype {
        DType::F32 => None,
        DType::I16 => Some(Quant::per_tensor(0.002 * net.quant().scales[0] * 20.0, 0)),
        _ => {
            let quant = net.quant();
            Some(Quant::per_tensor(quant.scales[0] * 8.0, quant.zero_points[0]))
        }
    };
    net.node(op, &operands, quant)
}

/// A layer whose weights are an input of the model, as converters write the product of two activations.
fn computed(net: &mut Net, dtype: DType) -> TensorIdx {
    let operands = [[3, 20], [5, 20]].map(|shape: [usize; 2]| activation(net, dtype, &shape));
    let quant = (dtype == DType::I8).then(|| {
        let quant = net.quant();
        Quant::per_tensor(quant.scales[0] * 8.0, quant.zero_points[0])
    });
    net.node(connect(Activation::Relu), &operands, quant)
}

fn average_of(window: [usize; 2], stride: [usize; 2], padding: Padding, activation: Activation) -> Op {
    Op::AveragePool2d(AveragePool2d { window, stride, padding, activation })
}

fn max_of(window: [usize; 2], stride: [usize; 2], padding: Padding, activation: Activation) -> Op {
    Op::MaxPool2d(MaxPool2d { window, stride, padding, activation })
}

fn pool(net: &mut Net, op: Op) -> TensorIdx {
    let x = activation(net, DType::I16, &[1, 6, 7, 3]);
    net.node(op, &[x], None)
}

fn square_of(net: &mut Net, window: [usize; 2], padding: Padding, activation: Activation) -> TensorIdx {
    let x = net.input(&[1, 5, 6, 2]);
    net.node(Op::L2Pool2d(L2Pool2d { window, stride: [2, 1], padding, activation }), &[x], None)
}
