//! The host interpreter against TFLM's reference kernels: int8 bit for bit, float32 within the goldens' tolerance.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use smidgen_ir::{Graph, Interpreter, NodeIdx};
use smidgen_testkit::{
    AUDIO_CASE, FLOAT_CASES, GoldenCase, GoldenSet, INT8_CASES, Output, close_f32, shared_or_skip,
};
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
    let sets = case.sets(shared, &output_bytes(&graph));
    for set in &sets {
        check_outputs(case, set, &graph, &mut interpreter, compare);
    }
    let first =
        sets.first().expect("every case has a set").inputs.get(..graph.input_bytes()).expect("one input");
    interpreter.reset();
    check_layers(case, shared, "seed1", first, &graph, &mut interpreter, compare);
}

fn output_bytes(graph: &Graph) -> Vec<usize> {
    graph.outputs.iter().map(|&output| graph.tensor(output).n_bytes()).collect()
}

/// Compares every result of every operator of one inference.
fn check_layers(
    case: &GoldenCase,
    shared: &Path,
    name: &str,
    input: &[u8],
    graph: &Graph,
    interpreter: &mut Interpreter,
    compare: Compare,
) {
    let mut ours = Vec::new();
    let mut keep = |node: NodeIdx, results: &[&[u8]]| {
        let numbered = results.iter().enumerate();
        ours.extend(numbered.map(|(result, bytes)| (node, result, bytes.to_vec())));
    };
    interpreter.run_layers(input, &mut keep).expect("runs");
    let golden = case.layers_of(shared, name);
    assert_eq!(ours.len(), golden.len(), "{} {name}: number of layers", case.stem);
    let mut blind = false;
    for ((node, result, bytes), layer) in ours.iter().zip(&golden) {
        let place = format!("{} {name}: {} result {result}", case.stem, graph.describe(*node));
        let operator = graph.nodes[node.idx()].op.name();
        assert_eq!((operator, *result), (layer.operator.as_str(), layer.result), "{place}");
        // TFLM's energies outside the range of the filter bank are what was in memory, and the CAST behind copies them.
        blind = operator == "SIGNAL_ENERGY" || (blind && operator == "CAST");
        match &layer.output {
            Output::Bytes(golden) if blind => {
                let (bytes, golden) = (&bytes[5 * 4..241 * 4], &golden[5 * 4..241 * 4]);
                assert!(bytes == golden, "{place}: a bin of the filter bank differs");
            }
            Output::Bytes(golden) => {
                compare(bytes, golden).unwrap_or_else(|why| panic!("{place}: {why}"));
            }
            hash => assert!(hash.is(bytes), "{place}: {} bytes with another hash", bytes.len()),
        }
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
    interpreter.reset();
    for (at, (input, output)) in inputs.zip(outputs).enumerate() {
        if !set.stateful {
            interpreter.reset();
        }
        let ours = interpreter.run(input).expect("runs");
        compare(&ours, output)
            .unwrap_or_else(|why| panic!("{} {} inference {at}: {why}", case.stem, set.name));
    }
}

#[test]
fn the_audio_front_end_equals_the_goldens_over_whole_recordings() {
    let Some(shared) = shared_or_skip("goldens of the audio front end") else { return };
    check_case(&AUDIO_CASE, &shared, equal);
    let graph = smidgen_tflite::read(&AUDIO_CASE.model_bytes(&shared)).expect("a supported model");
    let mut interpreter = Interpreter::new(&graph).expect("a verified graph lowers");
    for word in ["yes", "no", "silence", "noise"] {
        let samples = samples(&shared.join(format!("models/tflm/testdata/{word}_1000ms.wav")));
        let golden =
            std::fs::read(shared.join(format!("golden/tflm/{}.{word}_1000ms.out.bin", AUDIO_CASE.stem)));
        let golden = golden.expect("a golden");
        interpreter.reset();
        // Windows of 30 ms at 16 kHz every 20 ms.
        let frames = samples.windows(480 * 2).step_by(320 * 2);
        for (at, (frame, golden)) in frames.zip(golden.chunks(40)).enumerate() {
            if word == "yes" && (at == 0 || at == 20) {
                let mut twin = interpreter.clone();
                check_layers(
                    &AUDIO_CASE,
                    &shared,
                    &format!("yes.frame{at}"),
                    frame,
                    &graph,
                    &mut twin,
                    equal,
                );
            }
            let ours = interpreter.run(frame).expect("runs");
            equal(&ours, golden).unwrap_or_else(|why| panic!("{word} frame {at}: {why}"));
        }
    }
}

/// The samples of a WAV file, as bytes: what follows the header of its chunk `data`.
fn samples(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("a recording");
    let data = bytes.windows(4).position(|four| four == b"data").expect("a chunk of samples");
    bytes[data + 8..].to_vec()
}

fn equal(ours: &[u8], golden: &[u8]) -> Result<(), String> {
    if ours == golden {
        return Ok(());
    }
    let at = ours.iter().zip(golden).position(|(a, b)| a != b);
    Err(format!("{} bytes against {}; first difference at {at:?}", ours.len(), golden.len()))
}
