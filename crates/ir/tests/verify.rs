//! The verifier names every problem, each with its place.
#![allow(clippy::unwrap_used, reason = "a failure fails the test")]

use smidgen_ir::ops::mirror_pad::MirrorPad;
use smidgen_ir::{DType, IrError, Op, Tensor, lower, text};

const INT8: &str = "\
graph \"g\" dialect=TFLM
tensor 0 \"x\" int8 [1,4,4,2] axis=0 scales=[0.5] zero_points=[3]
tensor 1 \"w\" int8 [2,1,1,2] axis=0 scales=[0.25,0.5] zero_points=[0,0] data=[1,2,3,4]
tensor 2 \"b\" int32 [2] axis=0 scales=[0.125,0.25] zero_points=[0,0] data=[5,6]
tensor 3 \"conv\" int8 [1,4,4,2] axis=0 scales=[1.0] zero_points=[-1]
tensor 4 \"flat\" int8 [1,32] axis=0 scales=[1.0] zero_points=[-1]
tensor 5 \"soft\" int8 [1,32] axis=0 scales=[0.00390625] zero_points=[-128]
node CONV_2D inputs=[0,1,2] outputs=[3] stride=[1,1] dilation=[1,1] padding=SAME activation=NONE
node RESHAPE inputs=[3] outputs=[4] shape=[1,-1]
node SOFTMAX inputs=[4] outputs=[5] beta=1.0
inputs [0]
outputs [5]
";

/// The problems of [`INT8`] with one replacement, one a line.
fn problems(from: &str, to: &str) -> String {
    assert!(INT8.contains(from), "{from}");
    match text::parse(&INT8.replacen(from, to, 1)).unwrap().verify() {
        Ok(()) => String::new(),
        Err(problems) => problems.iter().map(|problem| format!("{problem}\n")).collect(),
    }
}

/// Expects the first problem to contain `part`.
fn check(from: &str, to: &str, part: &str) {
    let found = problems(from, to);
    assert!(found.lines().next().unwrap_or_default().contains(part), "{to}: {found}");
}

#[test]
fn a_good_graph_has_no_problems() {
    assert_eq!(problems("padding=SAME", "padding=VALID"), "");
    // Grouped, and without a bias.
    assert_eq!(problems("int8 [2,1,1,2]", "int8 [2,2,1,1]"), "");
    assert_eq!(problems("inputs=[0,1,2]", "inputs=[0,1]"), "");
    assert_eq!(problems("inputs=[0,1,2]", "inputs=[0,1,-]"), "");
}

#[test]
fn tensors_are_well_formed() {
    check("[1,4,4,2]", "[1,4,0,2]", "tensor 0 \"x\": every extent must be at least 1");
    check("[1,4,4,2]", "[1,65536,65536,2]", "tensor 0 \"x\": shape [1, 65536, 65536, 2] has 2^31");
    check("[1,4,4,2]", "[18446744073709551615,4,4,2]", "2^31");
    check(
        "data=[1,2,3,4]",
        "data=[1,2,3]",
        "tensor 1 \"w\": int8 [2, 1, 1, 2] needs 4 bytes of data, found 3",
    );
    check("scales=[0.5]", "scales=[0.0]", "scales must be finite and positive, found 0.0");
    check("scales=[0.5]", "scales=[-1.0]", "finite and positive");
    check("scales=[0.5]", "scales=[NaN]", "finite and positive");
    check("scales=[0.5]", "scales=[inf]", "finite and positive");
    check("scales=[0.5] zero_points=[3]", "scales=[] zero_points=[]", "no scales");
    check("zero_points=[3]", "zero_points=[128]", "-128..=127, found 128");
    check("zero_points=[3]", "zero_points=[]", "1 scales but 0 zero points");
    check("axis=0 scales=[0.25,0.5]", "axis=1 scales=[0.25,0.5]", "2 scales but extent 1 in dimension 1");
    check("axis=0 scales=[0.25,0.5]", "axis=9 scales=[0.25,0.5]", "dimension 9");
}

#[test]
fn every_value_is_written_once_and_before_it_is_read() {
    check("inputs [0]", "inputs []", "graph \"g\": it has no inputs");
    check("inputs [0]", "inputs [0,0]", "listed twice");
    check("inputs [0]", "inputs [0,1]", "a constant");
    check("inputs [0]", "inputs [0,99]", "input 1 is tensor 99, but there are only 6");
    check("outputs [5]\n", "outputs []\n", "it has no outputs");
    check("outputs [5]\n", "outputs [0]\n", "no node writes output 0 (tensor 0)");
    check("outputs [5]\n", "outputs [77]\n", "output 0 is tensor 77");
    check(
        "inputs=[3]",
        "inputs=[5]",
        "node 1 RESHAPE \"flat\": operand 0 (input, tensor 5) has no value yet",
    );
    check("inputs=[3]", "inputs=[44]", "operand 0 (input) is tensor 44");
    check("inputs=[3]", "inputs=[-]", "operand 0 (input) is missing");
    check("inputs=[3]", "inputs=[]", "it must have 1 to 1 operands, found 0");
    check("inputs=[0,1,2]", "inputs=[0,1,2,2]", "it must have 2 to 3 operands, found 4");
    check("outputs=[4]", "outputs=[3]", "its result (tensor 3) has a value already");
    check("outputs=[4]", "outputs=[4,5]", "it must have 1 result, found 2");
    check("outputs=[4]", "outputs=[400]", "its result is tensor 400");
}

#[test]
fn types_and_shapes_follow_from_the_operator() {
    check("[1,32]", "[1,16]", "node 1 RESHAPE \"flat\": its result must be int8 [1, 32], found int8 [1, 16]");
    check("shape=[1,-1]", "shape=[5,-1]", "does not hold the 32 elements");
    check(
        "int8 [1,4,4,2] axis=0 scales=[0.5] zero_points=[3]",
        "float32 [1,4,4,2]",
        "node 0 CONV_2D \"conv\": its input is float32 and its filter is int8: hybrid",
    );
    check("int32 [2]", "float32 [2]", "its bias must be int32 beside int8 inputs, found float32");
    check("stride=[1,1]", "stride=[0,1]", "stride height");
    check("stride=[1,1]", "stride=[2,1]", "its result must be int8 [1, 2, 4, 2]");
    check("inputs=[0,1,2]", "inputs=[0,2,2]", "its filter must have 4 dimensions");
    check("beta=1.0", "beta=inf", "its beta must be finite");
    check("int8 [2,1,1,2]", "int8 [1,1,1,4]", "2 scales but extent 1");
    check("int8 [2,1,1,2]", "int8 [4,1,1,1]", "2 scales but extent 4");
}

#[test]
fn quantisation_follows_the_specification() {
    check(" axis=0 scales=[0.5] zero_points=[3]", "", "its input is int8 and must have a scale");
    check(" axis=0 scales=[0.25,0.5] zero_points=[0,0]", "", "its filter is int8 and must have scales");
    check("axis=0 scales=[0.25,0.5]", "axis=3 scales=[0.25,0.5]", "along dimension 0, found 3");
    check(
        "zero_points=[0,0] data=[1,2,3,4]",
        "zero_points=[0,1] data=[1,2,3,4]",
        "its filter must be symmetric",
    );
    check(
        "zero_points=[0,0] data=[5,6]",
        "zero_points=[0,9] data=[5,6]",
        "its bias must have zero point 0, found 9",
    );
    check(
        "scales=[0.125,0.25]",
        "scales=[0.125,0.5]",
        "its bias must have the scale input * filter = 2.5e-1 in channel 1",
    );
    check(" data=[1,2,3,4]", "", "operand 1 (filter, tensor 1) has no value yet");
    check(
        "[1,32] axis=0 scales=[1.0]",
        "[1,32] axis=0 scales=[2.0]",
        "must have one scale and zero point, found 1.0, -1 and 2.0, -1",
    );
    // TFLM's RELU6 would clamp in steps of the input and call the result steps of the output.
    let rescales = INT8
        .replace("[1,32] axis=0 scales=[1.0]", "[1,4,4,2] axis=0 scales=[0.5]")
        .replace("RESHAPE inputs=[3] outputs=[4] shape=[1,-1]", "RELU6 inputs=[3] outputs=[4]")
        .replace("int8 [1,32]", "int8 [1,4,4,2]");
    let found = text::parse(&rescales).unwrap().verify().unwrap_err();
    let [problem] = found.as_slice() else { panic!("{found:?}") };
    let problem = problem.to_string();
    assert!(
        problem.contains("node 1 RELU6 \"flat\": its output must keep the input's scale 1.0"),
        "{problem}"
    );
    assert!(problem.contains("put a QUANTIZE after it"), "{problem}");
    check("zero_points=[-128]", "zero_points=[0]", "scale 1/256 and zero point -128");
    check("beta=1.0", "beta=1e-12", "too small");
    check(
        "axis=0 scales=[1.0] zero_points=[-1]",
        "axis=3 scales=[0.5,0.5] zero_points=[-1,-1]",
        "its output must have one scale and zero point, found 2 scales",
    );
}

#[test]
fn every_problem_is_listed_and_lowering_shows_them_all() {
    let text = INT8
        .replacen("scales=[0.5]", "scales=[0.0]", 1)
        .replace("outputs=[3]", "outputs=[9]")
        .replace("inputs [0]", "inputs [0,50]")
        .replace("shape=[1,-1]", "shape=[-1,-1]");
    let graph = text::parse(&text).unwrap();
    let problems = graph.verify().unwrap_err();
    let places: Vec<&str> = problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(places, ["tensor 0 \"x\"", "graph \"g\"", "node 0 CONV_2D \"\"", "node 1 RESHAPE \"flat\""]);
    let error = lower(&graph).unwrap_err();
    assert_eq!(error, IrError::Invalid(problems.clone()));
    assert_eq!(error.to_string().lines().count(), 1 + problems.len());
}

#[test]
fn a_graph_that_is_all_mistakes_gets_a_short_answer() {
    let name = "n".repeat(5000);
    let mut text = format!("graph \"{name}\" dialect=TFLM\n");
    for at in 0..300 {
        text += &format!("tensor {at} \"{name}\" float32 [0]\n");
    }
    let problems = text::parse(&(text + "inputs []\noutputs []")).unwrap().verify().unwrap_err();
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[0].place, format!("tensor 0 \"{}…\"", "n".repeat(120)));
    // 200 tensors, no inputs and no outputs.
    assert_eq!(problems[100].message, "and 202 more problems, which are not shown");
    assert!(problems.iter().all(|problem| problem.to_string().len() < 300));
}

#[test]
fn dimensions_are_bounded() {
    check("[1,4,4,2]", "[1,1,1,1,1,1,4,4,2]", "tensor 0 \"x\": it has 9 dimensions, at most 8");
    check("shape=[1,-1]", "shape=[1,1,1,1,1,1,1,1,-1]", "its shape has 9 dimensions, at most 8");
}

#[test]
fn activations_are_bounded() {
    let large = "graph \"large\" dialect=TFLM\n\
        tensor 0 \"x\" float32 [200000000]\ntensor 1 \"y\" float32 [200000000]\n\
        node RELU inputs=[0] outputs=[1]\ninputs [0]\noutputs [1]";
    let problems = text::parse(large).unwrap().verify().unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("1600000000 bytes, at most 1 GiB"));
}

/// Readers ask operators for shapes before the verifier has refused extents of 0.
#[test]
fn nothing_is_reflected_of_an_extent_of_0() {
    let op = Op::MirrorPad(MirrorPad { paddings: vec![[1, 1]], symmetric: false });
    let empty = Tensor::activation("x", DType::F32, vec![0]);
    let message = op.infer(&[Some(&empty)]).unwrap_err();
    assert!(message.contains("at most 0"), "{message}");
}
