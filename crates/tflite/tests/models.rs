//! Models of other people's converters: which are read, which are refused and why, and that nothing is lost on the way.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod shared_models;

use std::fs;
use std::path::Path;

use smidgen_ir::{Graph, Op};
use smidgen_testkit::shared_or_skip;
use smidgen_tflite::{ReadError, read, read_with_warnings, write};

/// All of `models/` that consists of supported operators and types.
const READABLE: &[&str] = &[
    "mlperf_tiny/ad01_fp32.tflite",
    "mlperf_tiny/ad01_int8.tflite",
    "mlperf_tiny/kws_ref_model_int8.tflite",
    "mlperf_tiny/pretrainedResnet_float.tflite",
    "mlperf_tiny/pretrainedResnet_int8.tflite",
    "mobilenet/mobilenet_v1_0.25_128.tflite",
    "tflite_ops/ops/add-broadcast.float32.tflite",
    "tflite_ops/ops/add-broadcast2.float32.tflite",
    "tflite_ops/ops/add-relu.float32.tflite",
    "tflite_ops/ops/add.float32.tflite",
    "tflite_ops/ops/avgpooling.float32.tflite",
    "tflite_ops/ops/conv-dilation.float32.tflite",
    "tflite_ops/ops/conv-relu.float32.tflite",
    "tflite_ops/ops/conv-relu6.float32.tflite",
    "tflite_ops/ops/conv-reshape-multiple-conv.float32.tflite",
    "tflite_ops/ops/conv-reshape.float32.tflite",
    "tflite_ops/ops/conv-stride.float32.tflite",
    "tflite_ops/ops/conv.float32.tflite",
    "tflite_ops/ops/depthwise-conv-stride.float32.tflite",
    "tflite_ops/ops/depthwise-conv.float32.tflite",
    "tflite_ops/ops/fullyconnected-relu6.float32.tflite",
    "tflite_ops/ops/fullyconnected.float32.tflite",
    "tflite_ops/ops/maxpooling.float32.tflite",
    "tflite_ops/ops/padding.float32.tflite",
    "tflite_ops/ops/relu.float32.tflite",
    "tflite_ops/ops/relu6.float32.tflite",
    "tflite_ops/ops/reshape-conv.float32.tflite",
    "tflite_ops/ops/reshape.float32.tflite",
    "tflite_ops/ops/softmax.float32.tflite",
    "tflm/hello_world_float.tflite",
    "tflm/hello_world_int8.tflite",
    "tflm/magic_wand_float.tflite",
    "tflm/micro_speech_int8.tflite",
    "tflm/person_detect_int8.tflite",
];

fn model(shared: &Path, name: &str) -> Vec<u8> {
    fs::read(shared.join("models").join(name)).unwrap()
}

fn refused(shared: &Path, name: &str) -> ReadError {
    read(&model(shared, name)).expect_err(name)
}

#[test]
fn exactly_the_models_of_supported_operators_are_read() {
    let Some(shared) = shared_or_skip("exactly_the_models_of_supported_operators_are_read") else { return };
    let models = shared.join("models");
    let mut readable = Vec::new();
    for path in shared_models::tflite_files(&models) {
        let name = path.strip_prefix(&models).unwrap().to_str().unwrap().to_owned();
        match read(&model(&shared, &name)) {
            Ok(_) => readable.push(name),
            Err(error) => assert!(
                error.to_string().contains("not supported"),
                "{name} must be refused for an operator or a type, not for {error}"
            ),
        }
    }
    assert_eq!(readable, READABLE);
}

#[test]
fn what_is_written_reads_back_the_same() {
    let Some(shared) = shared_or_skip("what_is_written_reads_back_the_same") else { return };
    for name in READABLE {
        let graph = read(&model(&shared, name)).unwrap();
        let written = write(&graph).unwrap();
        let (again, warnings) = read_with_warnings(&written).unwrap();
        assert_eq!(warnings, Vec::<String>::new(), "{name}");
        assert!(again == graph, "{name} changed on its way through the file");
        assert_eq!(write(&again).unwrap(), written, "{name}");
    }
}

#[test]
fn a_model_has_its_tensors_constants_and_quantisation() {
    let Some(shared) = shared_or_skip("a_model_has_its_tensors_constants_and_quantisation") else { return };
    let graph: Graph = read(&model(&shared, "mlperf_tiny/kws_ref_model_int8.tflite")).unwrap();
    let operators: Vec<&str> = graph.nodes.iter().map(|node| node.op.name()).collect();
    let pairs = ["DEPTHWISE_CONV_2D", "CONV_2D"].repeat(4);
    let ends = ["AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"];
    assert_eq!(operators, [&["CONV_2D"][..], &pairs, &ends].concat());

    let [input] = graph.inputs[..] else { panic!("one input") };
    assert_eq!(graph.tensor(input).shape, [1, 49, 10, 1]);
    let Op::Conv2d(conv) = &graph.nodes[0].op else { panic!("a convolution") };
    assert_eq!((conv.stride, conv.dilation), ([2, 2], [1, 1]));
    let filter = graph.tensor(graph.nodes[0].inputs[1].unwrap());
    let quant = filter.quant.as_ref().unwrap();
    assert_eq!((filter.shape.as_slice(), quant.scales.len(), quant.axis), (&[64, 10, 4, 1][..], 64, 0));
    assert_eq!(filter.data.as_ref().unwrap().len(), 2560);
    let bias = graph.tensor(graph.nodes[0].inputs[2].unwrap());
    assert_eq!(bias.i32s().unwrap().len(), 64);
    // The shape operand of RESHAPE is an attribute.
    assert_eq!(graph.nodes[10].inputs.len(), 1);
}

#[test]
fn all_unsupported_operators_are_listed_at_once() {
    let Some(shared) = shared_or_skip("all_unsupported_operators_are_listed_at_once") else { return };
    let error = refused(&shared, "tflm/audio_preprocessor_int8.tflite").to_string();
    let nodes: Vec<&str> = error.lines().filter(|line| line.starts_with("node ")).collect();
    assert_eq!(nodes.len(), 19, "{error}");
    for expected in [
        "node 0 custom operator \"SignalWindow\" \"signal_window\": version 1 of this operator is not supported",
        "node 5 CAST \"Cast\": version 3 of this operator is not supported",
        "node 21 CAST \"PartitionedCall:0\": version 3 of this operator is not supported",
        "model: supported operators are ADD, AVERAGE_POOL_2D, CONV_2D, DEPTHWISE_CONV_2D, DEQUANTIZE, \
         FULLY_CONNECTED, MAX_POOL_2D, PAD, QUANTIZE, RELU, RELU6, RESHAPE, SOFTMAX; rebuild it from these",
        "type int16: not supported, found in \"serving_default_audio_frame:0\", \"signal_window\", \"Reshape\"; \
         quantise activations to int8 instead of int16",
    ] {
        assert!(error.lines().any(|line| line == expected), "{expected}\nis not in\n{error}");
    }
}

#[test]
fn types_of_other_quantisations_are_refused_with_a_way_out() {
    let Some(shared) = shared_or_skip("types_of_other_quantisations_are_refused_with_a_way_out") else {
        return;
    };
    for (name, place, expected) in [
        ("mobilenet/mobilenet_v1_0.25_128_quant.tflite", "type uint8", "and 57 more; quantise to int8"),
        ("tflite_ops/ops/conv-quant-fp16.float32.tflite", "type float16", "convert without float16"),
        ("mlperf_tiny/kws_ref_model_float32.tflite", "node 0 CONV_2D", "dynamic-range quantisation"),
    ] {
        let error = refused(&shared, name);
        let found = error.problems.iter().find(|problem| problem.place.starts_with(place));
        assert!(found.is_some_and(|problem| problem.message.contains(expected)), "{name}: {error}");
    }
}

#[test]
fn what_is_tolerated_is_said() {
    let Some(shared) = shared_or_skip("what_is_tolerated_is_said") else { return };
    let warnings = |name: &str| read_with_warnings(&model(&shared, name)).unwrap().1;
    let [axis] = &warnings("tflm/person_detect_int8.tflite")[..] else { panic!("one warning") };
    assert!(axis.starts_with("the quantized_dimension is outside the shape and was ignored in"), "{axis}");
    assert!(axis.ends_with("and 11 more"), "{axis}");
    let [extents] = &warnings("mlperf_tiny/ad01_int8.tflite")[..] else { panic!("one warning") };
    assert_eq!(extents, "input \"input_1\" has free extents; it is read with the fixed shape [1, 640]");
}
