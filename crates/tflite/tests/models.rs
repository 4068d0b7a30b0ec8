//! Models of other people's converters: which are read, which are refused and why, and that nothing is lost on the way.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod shared_models;

use std::fs;
use std::path::{Path, PathBuf};

use smidgen_ir::{Graph, Op};
use smidgen_testkit::shared_or_skip;
use smidgen_tflite::{DynamicRange, ReadOptions, read, read_with, read_with_warnings, write};

/// What is not read, and what the error says of it.
const REFUSED: &[(&str, &str)] = &[(
    "mlperf_tiny/kws_ref_model_float32.tflite",
    "(dynamic-range quantisation): read the model with --dynamic-range float",
)];

/// Reads whatever can be read.
const FLOAT: ReadOptions = ReadOptions { dynamic_range: DynamicRange::Float };

fn model(shared: &Path, name: &str) -> Vec<u8> {
    fs::read(shared.join("models").join(name)).unwrap()
}

/// Names of all models below `models/`.
fn names(shared: &Path) -> Vec<String> {
    let models = shared.join("models");
    let name = |path: &PathBuf| path.strip_prefix(&models).unwrap().to_str().unwrap().to_owned();
    shared_models::tflite_files(&models).iter().map(name).collect()
}

#[test]
fn every_model_is_read_or_refused_for_a_known_reason() {
    let Some(shared) = shared_or_skip("every_model_is_read_or_refused_for_a_known_reason") else { return };
    let mut wrong = Vec::new();
    for name in names(&shared) {
        let reason = REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, reason)| *reason);
        match (read(&model(&shared, &name)), reason) {
            (Ok(_), None) => {}
            (Ok(_), Some(_)) => wrong.push(format!("{name} is read by now")),
            (Err(error), Some(reason)) if error.to_string().contains(reason) => {}
            (Err(error), _) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_written_reads_back_the_same() {
    let Some(shared) = shared_or_skip("what_is_written_reads_back_the_same") else { return };
    let mut n_same = 0;
    for name in names(&shared) {
        let Ok((graph, _)) = read_with(&model(&shared, &name), &FLOAT) else { continue };
        let written = write(&graph).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (again, warnings) =
            read_with_warnings(&written).unwrap_or_else(|error| panic!("{name}: {error}"));
        let tolerated = |warning: &String| warning.contains("computed as int8");
        assert!(warnings.iter().all(tolerated), "{name}: {warnings:?}");
        // A convolution without bias gets one of zeros.
        assert!(
            again == graph || again.tensors.len() > graph.tensors.len(),
            "{name} changed on its way through the file"
        );
        assert_eq!(write(&again).unwrap(), written, "{name}");
        n_same += 1;
    }
    assert!(n_same > 30, "{n_same} models");
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
fn what_is_tolerated_is_said() {
    let Some(shared) = shared_or_skip("what_is_tolerated_is_said") else { return };
    let warnings = |name: &str| read_with_warnings(&model(&shared, name)).unwrap().1;
    let [axis] = &warnings("tflm/person_detect_int8.tflite")[..] else { panic!("one warning") };
    assert!(axis.starts_with("the quantized_dimension is outside the shape and was ignored in"), "{axis}");
    assert!(axis.ends_with("and 11 more"), "{axis}");
    let [extents] = &warnings("mlperf_tiny/ad01_int8.tflite")[..] else { panic!("one warning") };
    assert_eq!(extents, "input \"input_1\" has free extents; it is read with the fixed shape [1, 640]");
}
