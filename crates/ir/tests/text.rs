//! The text form: printing and parsing are inverse, and mistakes are named by line.
#![allow(clippy::unwrap_used, reason = "a failure fails the test")]

mod support;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use smidgen_ir::{DType, Graph, Interpreter, IrError, Quant, Tensor, text};
use support::{Normalize, Numbers, float_graph, inputs, int8_graph, recipes};

const TINY: &str = "\
graph \"tiny\" dialect=TFLM
tensor 0 \"x\" float32 [1,2]
tensor 1 \"fc/weights\" float32 [1,2] data=[0.5,-1.0]
tensor 2 \"y\" float32 [1,1]
node FULLY_CONNECTED inputs=[0,1,-] outputs=[2] activation=NONE keep_num_dims=false
inputs [0]
outputs [2]
";

/// Numbers that break things: put in place of another number of the text.
const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "7",
    "-1",
    "127",
    "128",
    "-128",
    "0.5",
    "2147483647",
    "4294967295",
    "18446744073709551615",
    "1e38",
];

/// The text with one number, word or line changed.
fn mutated(text: &str, numbers: &mut Numbers) -> String {
    let starts: Vec<usize> = text.match_indices(['[', ',', '=', ' ']).map(|(at, _)| at + 1).collect();
    let start = starts[numbers.below(starts.len() as u64) as usize];
    let end = text[start..].find(['[', ']', ',', '=', ' ', '\n']).map_or(text.len(), |end| start + end);
    let with = match numbers.below(20) as usize {
        at if at < NUMBERS.len() => NUMBERS[at],
        16 => "",
        17 => "int8",
        18 => "VALID",
        _ => "[",
    };
    format!("{}{with}{}", &text[..start], &text[end..])
}

proptest! {
    // The same text on every run: the fuzzer looks for others.
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn parsing_what_was_printed_gives_the_same_graph(recipe in recipes()) {
        for graph in [float_graph(&recipe, Normalize::Operator), int8_graph(&recipe)] {
            prop_assert_eq!(text::parse(&text::print(&graph)).unwrap(), graph);
        }
    }

    /// Whatever the verifier accepts can be lowered and run, or gets an error.
    #[test]
    fn no_mutation_of_a_graph_makes_anything_panic(recipe in recipes(), mutations in 1..4usize) {
        let mut numbers = Numbers(recipe.seed ^ 0x77);
        for graph in [float_graph(&recipe, Normalize::Depthwise), int8_graph(&recipe)] {
            let mut text = text::print(&graph);
            (0..mutations).for_each(|_| text = mutated(&text, &mut numbers));
            let Ok(graph) = text::parse(&text) else { continue };
            let Ok(mut interpreter) = Interpreter::new(&graph) else { continue };
            if graph.tensors.iter().all(|tensor| tensor.n_elements() < 100_000) {
                interpreter.run(&inputs(&graph, recipe.seed)).unwrap();
            }
        }
    }
}

#[test]
fn a_text_reads_as_it_looks() {
    let graph = text::parse(TINY).unwrap();
    assert_eq!(text::print(&graph), TINY);
    assert_eq!(
        Interpreter::new(&graph).unwrap().run(&[2f32, 3.0].map(f32::to_le_bytes).concat()).unwrap(),
        (-2f32).to_le_bytes()
    );
    let commented = TINY.replace("node", "\n  # a comment\n  node");
    assert_eq!(text::parse(&commented).unwrap(), graph);
}

#[test]
fn names_and_data_survive_whatever_they_hold() {
    let mut graph = text::parse(TINY).unwrap();
    graph.name = "a \"b\" \\ \n\t\u{2028} = [é,\u{7f}]".into();
    graph.tensors[0].name = String::new();
    graph.tensors[1].data = Some(f32::NAN.to_le_bytes().repeat(2).into());
    graph.tensors.push(Tensor::const_f32(
        "",
        vec![5],
        &[-0.0, f32::INFINITY, f32::NEG_INFINITY, 1e-45, f32::MAX],
    ));
    graph.tensors.push(Tensor::const_i8("q", vec![2], &[-128, 127], Quant::per_channel(vec![1e-9, 0.1], 0)));
    graph.tensors.push(Tensor::const_i32("i", vec![], &[i32::MIN], None));
    graph
        .tensors
        .push(Tensor { data: Some(vec![1, 2, 3].into()), ..Tensor::activation("odd", DType::I32, vec![0]) });
    graph
        .tensors
        .push(Tensor { data: Some(vec![].into()), ..Tensor::activation("none", DType::F32, vec![0]) });
    assert_eq!(text::parse(&text::print(&graph)).unwrap(), graph);
}

#[test]
fn mistakes_are_named_by_line() {
    let check = |from: &str, to: &str, wanted_line: usize, part: &str| {
        assert!(TINY.contains(from), "{from}");
        match text::parse(&TINY.replacen(from, to, 1)) {
            Err(IrError::Parse { line, message }) => {
                assert_eq!(line, wanted_line, "{message}");
                assert!(message.contains(part), "{message}");
            }
            other => unreachable!("{from} -> {to}: {other:?}"),
        }
    };
    check("graph", "net", 1, "expected graph");
    check("TFLM", "other", 1, "dialect");
    check("\"tiny\"", "tiny", 1, "quotes");
    check("\"tiny\"", "\"tiny", 1, "closing quote");
    check("tensor 1", "tensor 4", 3, "expected tensor 1");
    check("float32", "float24", 2, "float24");
    check("[1,2]", "[1;2]", 2, "1;2");
    check("[1,2]", "[1,2] data", 2, "key=value");
    check("data=[0.5,-1.0]", "data=[0.5,x]", 3, "x");
    check("data=", "axis=0 data=", 3, "axis");
    check("FULLY_CONNECTED", "FULLY_DISCONNECTED", 5, "FULLY_DISCONNECTED");
    check("[0,1,-]", "[0,1,?]", 5, "?");
    check("activation=NONE", "activation=TANH", 5, "TANH");
    check("activation=NONE", "activation=NONE activation=NONE", 5, "twice");
    check(" keep_num_dims=false", "", 5, "keep_num_dims");
    check("keep_num_dims=false", "keep_num_dims=false beta=1", 5, "beta");
    check("outputs [2]\n", "inputs [2]\n", 7, "already");
    check("outputs [2]\n", "", 6, "outputs");
    check("outputs [2]\n", "outputs [2] 3\n", 7, "end of the line");
    assert!(matches!(text::parse(""), Err(IrError::Parse { line: 1, .. })));
    assert_ne!(text::parse(TINY).unwrap(), Graph::default());
}
