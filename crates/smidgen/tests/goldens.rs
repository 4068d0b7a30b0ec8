//! The host interpreter against TFLM's reference kernels: int8 bit for bit, float32 within the goldens' tolerance.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use smidgen_ir::{Graph, Interpreter};
use smidgen_testkit::{FLOAT_CASES, GoldenCase, GoldenSet, INT8_CASES, close_f32, shared_or_skip};
use std::path::Path;

type Compare = fn(&[u8], &[u8]) -> Result<(), String>;

#[test]
fn int8_models_equal_the_goldens_in_every_output_and_layer() {
    let Some(shared) = shared_or_skip("goldens of int8 models") else { return };
    for case in INT8_CASES {
        check_case(case, &shared, equal);
    }
}

#[test]
fn float_models_agree_with_the_goldens_in_every_output_and_layer() {
    let Some(shared) = shared_or_skip("goldens of float models") else { return };
    for case in FLOAT_CASES {
        check_case(case, &shared, close_f32);
    }
}

fn check_case(case: &GoldenCase, shared: &Path, compare: Compare) {
    let graph = smidgen_tflite::read(&case.model_bytes(shared)).expect("a supported model");
    let mut interpreter = Interpreter::new(&graph).expect("a verified graph lowers");
    let sets = case.sets(shared);
    for set in &sets {
        check_outputs(case, set, &graph, &mut interpreter, compare);
    }
    let first =
        sets.first().expect("every case has a set").inputs.get(..graph.input_bytes()).expect("one input");
    let mut layers = Vec::new();
    interpreter.run_layers(first, &mut |node, results| layers.push((node, results.concat()))).expect("runs");
    let golden = case.layers(shared);
    assert_eq!(layers.len(), golden.len(), "{}: number of layers", case.stem);
    for ((node, ours), layer) in layers.iter().zip(&golden) {
        let name = graph.describe(*node);
        assert_eq!(graph.nodes[node.idx()].op.name(), layer.operator, "{}: {name}", case.stem);
        compare(ours, &layer.output).unwrap_or_else(|why| panic!("{}: {name}: {why}", case.stem));
    }
}

fn check_outputs(
    case: &GoldenCase,
    set: &GoldenSet,
    graph: &Graph,
    interpreter: &mut Interpreter,
    compare: Compare,
) {
    let inputs = set.inputs.chunks_exact(graph.input_bytes());
    let outputs = set.outputs.chunks_exact(graph.output_bytes());
    assert_eq!(inputs.len(), outputs.len(), "{} {}: number of inferences", case.stem, set.name);
    assert!(inputs.len() > 0, "{} {}: no inference", case.stem, set.name);
    for (at, (input, output)) in inputs.zip(outputs).enumerate() {
        let ours = interpreter.run(input).expect("runs");
        compare(&ours, output)
            .unwrap_or_else(|why| panic!("{} {} inference {at}: {why}", case.stem, set.name));
    }
}

fn equal(ours: &[u8], golden: &[u8]) -> Result<(), String> {
    if ours == golden {
        return Ok(());
    }
    let at = ours.iter().zip(golden).position(|(a, b)| a != b);
    Err(format!("{} bytes against {}; first difference at {at:?}", ours.len(), golden.len()))
}
