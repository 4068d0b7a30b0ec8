//! Reductions and layers that remember: what they lower to by hand, and what the verifier refuses.
#![allow(clippy::unwrap_used, reason = "a failure fails the test")]

use smidgen_ir::{Graph, Target, lower, text};

/// A graph from its tensor and node lines, with the first tensor as input and the last result as output.
fn graph(lines: &str) -> Graph {
    let mut graph =
        text::parse(&format!("graph \"g\" dialect=TFLM\n{lines}\ninputs [0]\noutputs []")).unwrap();
    graph.outputs = graph.nodes.last().unwrap().outputs.clone();
    graph
}

/// The specification of the only kernel, and what it writes.
fn lowered(lines: &str) -> (String, Vec<Target>) {
    let program = lower(&graph(lines)).unwrap();
    let [call] = program.calls.as_slice() else { unreachable!("{} calls", program.calls.len()) };
    let targets = call.targets.iter().map(|&(target, _)| target).collect();
    (format!("{} {}", call.kernel.path(), call.kernel.spec()), targets)
}

/// The problems of lines with one replacement.
fn problems(lines: &str, from: &str, to: &str) -> String {
    assert!(lines.contains(from), "{from}");
    match graph(&lines.replacen(from, to, 1)).verify() {
        Ok(()) => String::new(),
        Err(problems) => problems.iter().map(|problem| format!("{problem}\n")).collect(),
    }
}

const MEAN: &str = "\
tensor 0 \"x\" int8 [2,3,5] axis=0 scales=[0.5] zero_points=[3]
tensor 1 \"y\" int8 [2,5] axis=0 scales=[0.25] zero_points=[-1]
node MEAN inputs=[0] outputs=[1] axes=[-2] keep_dims=false";

#[test]
fn a_mean_has_the_count_in_its_multiplier() {
    // 0.5 / 0.25 = 2^30 * 2^(2 - 31), shifted by one and divided by three.
    assert_eq!(
        lowered(MEAN).0,
        "mean::Int8 Int8Spec { shape: [1, 1, 1, 2, 3, 5], axes: [false, false, false, false, true, false], \
         input_zero_point: 3, output_zero_point: -1, multiplier: 715827882, shift: 1 }"
    );
    assert!(problems(MEAN, "axes=[-2]", "axes=[3]").contains("its axis 3 must be one of the 3 dimensions"));
    assert!(problems(MEAN, "keep_dims=false", "keep_dims=true").contains("[2, 1, 5]"));
    let int16 = MEAN.replace("int8", "int16");
    assert!(problems(&int16, "[-2]", "[1]").contains("zero point 0, found 3 and -1"));
}

#[test]
fn a_largest_element_keeps_its_scale() {
    let lines = MEAN.replace("MEAN", "REDUCE_MAX");
    assert!(problems(&lines, "[-2]", "[1]").contains("its output must keep the input's scale"));
}

const LSTM: &str = "\
tensor 0 \"x\" int8 [1,2,1] axis=0 scales=[0.5] zero_points=[3]
tensor 1 \"w\" int8 [1,1] axis=0 scales=[0.0078125] zero_points=[0] data=[1]
tensor 2 \"h\" int8 [1,1] axis=0 scales=[0.0078125] zero_points=[-1] variable=true
tensor 3 \"c\" int16 [1,1] axis=0 scales=[0.00048828125] zero_points=[0] variable=true
tensor 4 \"y\" int8 [1,2,1] axis=0 scales=[0.0078125] zero_points=[-1]
node UNIDIRECTIONAL_SEQUENCE_LSTM inputs=[0,1,1,1,1,1,1,1,1,-,-,-,-,2,3] outputs=[4] time_major=false cell_clip=2.0 \
reset=false";

#[test]
fn an_lstm_has_the_scales_of_its_gates_and_states() {
    let (spec, targets) = lowered(LSTM);
    // Gates: 2^-1 * 2^-7 / 2^-12 = 2^4 and 2^-7 * 2^-7 / 2^-12 = 2^-2. Cell: 2^-15, and 2^-30 / 2^-11. Hidden state:
    // 2^-30 / 2^-7. The clip is 2 / 2^-11.
    assert_eq!(
        spec,
        "unidirectional_sequence_lstm::Int8 Int8Spec { batches: 1, steps: 2, in_c: 1, units: 1, time_major: false, \
         reset: false, input_zero_point: 3, hidden_zero_point: -1, \
         input_multiplier: [1073741824, 1073741824, 1073741824, 1073741824], input_shift: [5, 5, 5, 5], \
         recurrent_multiplier: [1073741824, 1073741824, 1073741824, 1073741824], \
         recurrent_shift: [-1, -1, -1, -1], forget_multiplier: 1073741824, forget_shift: -14, \
         cell_multiplier: 1073741824, cell_shift: -18, hidden_multiplier: 1073741824, hidden_shift: -22, \
         cell_fraction_bits: 11, cell_clip: 4096 }"
    );
    let [Target::Result(_), Target::State(hidden), Target::State(cell)] = targets[..] else {
        unreachable!("{targets:?}")
    };
    assert_eq!((hidden.0, cell.0), (2, 3));
}

#[test]
fn lstms_that_tflm_does_not_run_are_refused() {
    for (from, to, part) in [
        ("scales=[0.00048828125]", "scales=[0.0005]", "a power of two"),
        ("\"c\" int16", "\"c\" int8", "its cell must be int16"),
        (
            "[1,2,1] axis=0 scales=[0.5]",
            "[1,2,2] axis=0 scales=[0.5]",
            "must have the shape [1, 2], found [1, 1]",
        ),
        ("cell_clip=2.0", "cell_clip=0.0001", "below a step"),
        ("cell_clip=2.0", "cell_clip=-1.0", "0 or above"),
        ("zero_points=[-1]\nnode", "zero_points=[0]\nnode", "its output must keep the hidden state's scale"),
        ("zero_points=[0] data=[1]", "zero_points=[1] data=[1]", "must be symmetric"),
    ] {
        let found = problems(LSTM, from, to);
        assert!(found.contains(part), "{to}: {found}");
    }
}

const SVDF: &str = "\
tensor 0 \"x\" int8 [1,2] axis=0 scales=[0.5] zero_points=[3]
tensor 1 \"f\" int8 [2,2] axis=0 scales=[0.0625] zero_points=[0] data=[1,2,3,4]
tensor 2 \"t\" int8 [2,2] axis=0 scales=[0.25] zero_points=[0] data=[1,2,3,4]
tensor 3 \"b\" int32 [1] axis=0 scales=[0.03125] zero_points=[0] data=[7]
tensor 4 \"s\" int8 [1,4] axis=0 scales=[0.125] zero_points=[2] variable=true
tensor 5 \"y\" int8 [1,1] axis=0 scales=[0.5] zero_points=[-4]
node SVDF inputs=[0,1,2,3,4] outputs=[5] rank=2 activation=NONE";

#[test]
fn an_svdf_has_the_scales_of_its_state_and_output() {
    assert_eq!(
        lowered(SVDF).0,
        "svdf::Int8 Int8Spec { batches: 1, in_c: 2, units: 1, rank: 2, memory: 2, input_zero_point: 3, \
         state_zero_point: 2, output_zero_point: -4, state_multiplier: 1073741824, state_shift: -1, \
         output_multiplier: 1073741824, output_shift: -3 }"
    );
    for (from, to, part) in [
        ("rank=2", "rank=3", "its 2 filters must be a multiple of its rank 3"),
        ("rank=2", "rank=0", "a multiple of its rank 0"),
        ("scales=[0.03125]", "scales=[0.04]", "its bias must have the scale"),
        ("[1,4] axis=0 scales=[0.125]", "[1,5] axis=0 scales=[0.125]", "its state must have 4 elements"),
        (" variable=true", " data=[0,0,0,0]", "must be a variable"),
    ] {
        let found = problems(SVDF, from, to);
        assert!(found.contains(part), "{to}: {found}");
    }
}

#[test]
fn a_gru_has_scratch_memory_and_an_optional_start() {
    let lines = "\
tensor 0 \"x\" float32 [1,2,1]
tensor 1 \"w\" float32 [6,1] data=[1.0,2.0,3.0,4.0,5.0,6.0]
tensor 2 \"r\" float32 [6,2] data=[1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0,9.0,10.0,11.0,12.0]
tensor 3 \"y\" float32 [1,2,2]
node GRU inputs=[0,1,2] outputs=[3] time_major=false reverse=true reset_after=false";
    let (spec, targets) = lowered(lines);
    assert_eq!(
        spec,
        "gru::Float32 Float32Spec { batches: 1, steps: 2, in_c: 1, units: 2, time_major: false, reverse: true, \
         reset_after: false }"
    );
    assert_eq!(targets[1], Target::Scratch { bytes: 16 });
    assert!(problems(lines, "[6,1]", "[3,2]").contains("must have the shape [6, 1]"));
}
