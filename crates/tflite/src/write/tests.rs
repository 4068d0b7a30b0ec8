use smidgen_ir::ops::{
    add::Add, average_pool_2d::AveragePool2d, batch_normalization::BatchNormalization,
    depthwise_conv_2d::DepthwiseConv2d, dequantize::Dequantize, fully_connected::FullyConnected,
    max_pool_2d::MaxPool2d, pad::Pad, quantize::Quantize, relu::Relu, relu6::Relu6, softmax::Softmax,
};
use smidgen_ir::{Activation, DType, Padding, Quant};

use super::*;
use crate::sample::{self, one_node};
use crate::schema::{buffer, metadata, model, operator_code, signature_def, sub_graph, tensor_map};
use crate::wire::Table;

const VEC: [usize; 4] = [1, 4, 4, 3];

/// Number, version and first release of the only operator.
fn version(graph: &Graph) -> (i32, String) {
    let bytes = emit::file(&Layout::of(graph));
    let root = Table::root(&bytes).unwrap();
    let code = root.tables(model::OPERATOR_CODES).unwrap().get(0).unwrap().unwrap();
    let metadata = root.tables(model::METADATA).unwrap().get(0).unwrap().unwrap();
    assert_eq!(metadata.bytes(metadata::NAME).unwrap(), b"min_runtime_version");
    let number = metadata.scalar(metadata::BUFFER, 0u32).unwrap() as usize;
    let release =
        root.tables(model::BUFFERS).unwrap().get(number).unwrap().unwrap().bytes(buffer::DATA).unwrap();
    assert_eq!(release.len(), 16);
    let release = String::from_utf8(release.to_vec()).unwrap().trim_end_matches('\0').to_owned();
    (code.scalar(operator_code::VERSION, 1i32).unwrap(), release)
}

/// A graph `x → op → y` of equal shapes.
fn simple(op: Op, dtype: DType) -> Graph {
    one_node(op, dtype, &VEC, &VEC, vec![])
}

fn depthwise(dtype: DType, dilation: usize) -> Graph {
    let op = Op::DepthwiseConv2d(DepthwiseConv2d {
        depth_multiplier: 1,
        stride: [1, 1],
        dilation: [dilation; 2],
        padding: Padding::Same,
        activation: Activation::None,
    });
    let filter = match dtype {
        DType::I8 => Tensor::const_i8("w", vec![1, 1, 1, 3], &[1, 2, 3], Quant::per_tensor(1.0, 0)),
        _ => Tensor::const_f32("w", vec![1, 1, 1, 3], &[1.0, 2.0, 3.0]),
    };
    one_node(op, dtype, &VEC, &VEC, vec![filter])
}

fn fully_connected(dtype: DType, keep_num_dims: bool, bias: bool) -> Graph {
    let op = Op::FullyConnected(FullyConnected { activation: Activation::None, keep_num_dims });
    let mut operands = match dtype {
        DType::I8 => vec![
            Tensor::const_i8("w", vec![1, 2], &[1, 2], Quant::per_tensor(1.0, 0)),
            Tensor::const_i32("b", vec![1], &[1], Some(Quant::per_tensor(0.5, 0))),
        ],
        _ => vec![Tensor::const_f32("w", vec![1, 2], &[1.0, 2.0]), Tensor::const_f32("b", vec![1], &[1.0])],
    };
    operands.truncate(if bias { 2 } else { 1 });
    one_node(op, dtype, &[1, 2], &[1, 1], operands)
}

fn grouped() -> Graph {
    let filter = Tensor::const_f32("w", vec![4, 1, 1, 2], &[1.0; 8]);
    one_node(Op::Conv2d(sample::conv_attributes()), DType::F32, &[1, 4, 4, 4], &[1, 4, 4, 4], vec![filter])
}

fn add(dtype: DType) -> Graph {
    let mut graph = simple(Op::Add(Add::default()), dtype);
    graph.nodes[0].inputs.push(Some(graph.inputs[0]));
    graph
}

fn pool(dtype: DType, max: bool) -> Graph {
    let (window, stride, padding, activation) = ([2, 2], [1, 1], Padding::Same, Activation::None);
    let op = if max {
        Op::MaxPool2d(MaxPool2d { window, stride, padding, activation })
    } else {
        Op::AveragePool2d(AveragePool2d { window, stride, padding, activation })
    };
    simple(op, dtype)
}

fn dequantize(per_channel: bool) -> Graph {
    let mut graph = simple(Op::Dequantize(Dequantize), DType::I8);
    if per_channel {
        graph.tensors[0].quant = Some(Quant::per_channel(vec![0.5; 3], 3));
    }
    graph
}

/// What `GetBuiltinOperatorVersion` of TensorFlow's op_version.cc and the table of runtime_version.cc give.
#[test]
fn operators_carry_the_version_that_they_need() {
    use DType::{F32, I8};
    let pad_5 = Op::Pad(Pad { paddings: vec![[0, 0]; 5] });
    let softmax = |dtype| simple(Op::Softmax(Softmax { beta: 1.0, wide: false }), dtype);
    let cases: Vec<(&str, Graph, i32, &str)> = vec![
        ("conv float", sample::float_conv(), 1, "1.5.0"),
        ("conv int8", sample::int8_conv(), 3, "1.14.0"),
        ("conv grouped", grouped(), 6, "2.9.0"),
        ("depthwise float", depthwise(F32, 1), 1, "1.5.0"),
        ("depthwise float dilated", depthwise(F32, 2), 2, "1.12.0"),
        ("depthwise int8 dilated", depthwise(I8, 2), 3, "1.14.0"),
        ("fully connected float", fully_connected(F32, false, true), 1, "1.5.0"),
        ("fully connected int8", fully_connected(I8, false, true), 4, "1.14.0"),
        ("fully connected keeping dimensions", fully_connected(I8, true, true), 5, "2.0.0"),
        ("fully connected without bias", fully_connected(I8, false, false), 6, "2.1.0"),
        ("max pool float", pool(F32, true), 1, "1.5.0"),
        ("max pool int8", pool(I8, true), 2, "1.14.0"),
        ("average pool float", pool(F32, false), 1, "1.5.0"),
        ("average pool int8", pool(I8, false), 2, "1.14.0"),
        ("add float", add(F32), 1, "1.5.0"),
        ("add int8", add(I8), 2, "1.14.0"),
        ("reshape int8", sample::reshape(I8), 1, "1.5.0"),
        ("softmax float", softmax(F32), 1, "1.5.0"),
        ("softmax int8", softmax(I8), 2, "1.14.0"),
        ("relu float", simple(Op::Relu(Relu), F32), 1, "1.5.0"),
        ("relu int8", simple(Op::Relu(Relu), I8), 2, "2.1.0"),
        ("relu6 float", simple(Op::Relu6(Relu6), F32), 1, "1.5.0"),
        ("relu6 int8", simple(Op::Relu6(Relu6), I8), 2, "1.14.0"),
        ("pad float", sample::pad(F32), 1, "1.5.0"),
        ("pad int8", sample::pad(I8), 2, "1.14.0"),
        ("pad of five dimensions", one_node(pad_5, I8, &[1; 5], &[1; 5], vec![]), 4, "2.6.0"),
        ("quantize", simple(Op::Quantize(Quantize::default()), I8), 1, "1.14.0"),
        ("dequantize", dequantize(false), 2, "1.14.0"),
        ("dequantize per channel", dequantize(true), 5, "2.7.0"),
    ];
    for (name, graph, number, release) in cases {
        assert_eq!(version(&graph), (number, release.to_owned()), "{name}");
    }
}

#[test]
fn constants_are_aligned_in_the_file_and_buffer_0_is_empty() {
    for n_bytes in 0..40 {
        let mut graph = sample::int8_conv();
        graph.name = "n".repeat(n_bytes);
        let bytes = write(&graph).unwrap();
        assert_eq!(bytes.len() % 16, 0);
        let root = Table::root(&bytes).unwrap();
        let buffers: Vec<&[u8]> = root
            .tables(model::BUFFERS)
            .unwrap()
            .iter()
            .map(|table| table.unwrap().bytes(buffer::DATA).unwrap())
            .collect();
        assert!(buffers[0].is_empty());
        assert_eq!(buffers[1..].iter().map(|data| data.len()).collect::<Vec<_>>(), [6, 12, 16]);
        for data in &buffers[1..] {
            assert_eq!((data.as_ptr() as usize - bytes.as_ptr() as usize) % 16, 0);
        }
    }
}

#[test]
fn the_header_is_what_readers_expect() {
    let bytes = write(&sample::int8_conv()).unwrap();
    assert_eq!(&bytes[4..8], b"TFL3");
    let root = Table::root(&bytes).unwrap();
    assert_eq!(root.scalar(model::VERSION, 0u32), Ok(3));
    assert_eq!(root.bytes(model::DESCRIPTION).unwrap(), b"Smidgen: sample");
    let subgraph = root.tables(model::SUBGRAPHS).unwrap().get(0).unwrap().unwrap();
    assert_eq!(subgraph.bytes(sub_graph::NAME).unwrap(), b"main");
    let code = root.tables(model::OPERATOR_CODES).unwrap().get(0).unwrap().unwrap();
    assert_eq!(code.scalar(operator_code::DEPRECATED_BUILTIN_CODE, 0i8), Ok(3));
    assert_eq!(code.scalar(operator_code::BUILTIN_CODE, 0i32), Ok(3));
}

/// Names of the signature's inputs and outputs.
fn signature_names(graph: &Graph) -> Vec<String> {
    let bytes = write(graph).unwrap();
    let signature =
        Table::root(&bytes).unwrap().tables(model::SIGNATURE_DEFS).unwrap().get(0).unwrap().unwrap();
    assert_eq!(signature.bytes(signature_def::SIGNATURE_KEY).unwrap(), b"serving_default");
    let names = |id| {
        let maps = signature.tables(id).unwrap();
        let name = |map: Table<'_>| String::from_utf8(map.bytes(tensor_map::NAME).unwrap().to_vec()).unwrap();
        maps.iter().map(|map| name(map.unwrap())).collect::<Vec<_>>()
    };
    [names(signature_def::INPUTS), names(signature_def::OUTPUTS)].concat()
}

#[test]
fn the_signature_names_every_end() {
    let mut graph = sample::float_conv();
    assert_eq!(signature_names(&graph), ["x", "y"]);
    let x = graph.inputs[0];
    graph.tensor_mut(x).name.clear();
    assert_eq!(signature_names(&graph), ["input_0", "y"]);
}

#[test]
fn equal_constants_are_stored_once_and_unused_tensors_not_at_all() {
    let mut graph = sample::float_conv();
    let before = write(&graph).unwrap().len();
    graph.add_tensor(Tensor::const_f32("unused", vec![1000], &[1.0; 1000]));
    assert_eq!(write(&graph).unwrap().len(), before);

    let operand = graph.tensors[1].clone();
    let add =
        one_node(Op::Add(Add::default()), DType::F32, &[3, 1, 1, 2], &[3, 1, 1, 2], vec![operand.clone()]);
    let mut twice = add.clone();
    let again = twice.add_tensor(operand);
    let y = twice.add_tensor(Tensor::activation("z", DType::F32, vec![3, 1, 1, 2]));
    twice.nodes.push(smidgen_ir::Node {
        op: Op::Add(Add::default()),
        inputs: vec![Some(twice.outputs[0]), Some(again)],
        outputs: vec![y],
    });
    twice.outputs = vec![y];
    assert_eq!(Layout::of(&twice).buffers.len(), Layout::of(&add).buffers.len());
}

#[test]
fn a_convolution_without_bias_gets_zeros_with_the_right_scales() {
    let mut graph = sample::int8_conv();
    let quant = graph.tensors[2].quant.clone();
    graph.nodes[0].inputs.truncate(2);
    let read = crate::read(&write(&graph).unwrap()).unwrap();
    let bias = read.tensor(read.nodes[0].inputs[2].unwrap());
    assert_eq!((bias.i32s(), &bias.quant, bias.name.as_str()), (Some(vec![0; 3]), &quant, "y/bias"));

    let mut graph = sample::float_conv();
    graph.nodes[0].inputs.truncate(2);
    let read = crate::read(&write(&graph).unwrap()).unwrap();
    assert_eq!(read.tensor(read.nodes[0].inputs[2].unwrap()).f32s(), Some(vec![0.0; 3]));
}

#[test]
fn batch_normalization_is_refused_by_node() {
    let channel = |name: &str| Tensor::const_f32(name, vec![3], &[1.0; 3]);
    let op = Op::BatchNormalization(BatchNormalization { epsilon: 1e-3 });
    let operands = ["gamma", "beta", "mean", "variance"].map(channel).to_vec();
    let error = write(&one_node(op, DType::F32, &VEC, &VEC, operands)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "node 0 BATCH_NORMALIZATION \"y\": TFLite has no such operator; \
         fold batch normalisation into the layer before it first"
    );
}

#[test]
fn what_the_verifier_finds_is_passed_on() {
    let mut graph = sample::float_conv();
    graph.tensors[3].shape = vec![1, 4, 4, 5];
    let error = write(&graph).unwrap_err();
    assert!(error.to_string().contains("node 0 CONV_2D \"y\""), "{error}");
}

#[test]
fn a_bias_of_zeros_has_no_scale_where_the_product_is_none() {
    let mut graph = sample::int8_conv();
    graph.nodes[0].inputs.truncate(2);
    for (at, scale) in [(0, 1e30), (1, 1e30), (3, f32::MAX)] {
        graph.tensors[at].quant = Some(Quant::per_tensor(scale, 0));
    }
    let read = crate::read(&write(&graph).unwrap()).unwrap();
    assert_eq!(read.tensor(read.nodes[0].inputs[2].unwrap()).quant, None);
}
